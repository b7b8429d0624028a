package loop;

/** The sum and the extremes of a unicorn's readings in a window. */
final class Total {
    private double distance;
    private int leastMagic = Integer.MAX_VALUE;
    private int mostMagic = Integer.MIN_VALUE;
    private int leastHealth = Integer.MAX_VALUE;
    private int mostHealth = Integer.MIN_VALUE;

    void add(Reading reading) {
        distance += reading.distance;
        leastMagic = Math.min(leastMagic, reading.magic);
        mostMagic = Math.max(mostMagic, reading.magic);
        leastHealth = Math.min(leastHealth, reading.health);
        mostHealth = Math.max(mostHealth, reading.health);
    }

    /** A line of JSON; the producer's names need no escapes. */
    String row(String name, String end) {
        return "{\"Name\":\"" + name + "\",\"StatusTime\":\"" + end + "\",\"Distance\":" + Math.round(distance)
                + ",\"MinMagicPoints\":" + leastMagic + ",\"MaxMagicPoints\":" + mostMagic
                + ",\"MinHealthPoints\":" + leastHealth + ",\"MaxHealthPoints\":" + mostHealth + "}\n";
    }
}
