package kda;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import org.apache.flink.table.data.TimestampData;

/**
 * DATE, TIME and TIMESTAMP: a text with a date, a time of day, or both, with a space or a T between them, and with or
 * without blanks around. After both, Z or an offset may stand, and the moment is that in UTC. Digits of a second after
 * the third are left out; a TIME has none. Of both, a DATE takes the date, and a TIME the time of day; a TIMESTAMP of a
 * date is its midnight. Years are from 1 to 9999.
 */
enum Moment implements Conversion {
    DATE("DATE", "yyyy-MM-dd"),
    TIME("TIME(0)", "HH:mm:ss"),
    TIMESTAMP("TIMESTAMP(3)", "yyyy-MM-dd HH:mm:ss[.SSS]");

    private static final int MAX_CHARACTERS = 64;
    private static final Pattern SHAPE =
            Pattern.compile(
                    "(?:(\\d{4})-(\\d\\d)-(\\d\\d))?([Tt ])?"
                            + "(?:(\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d{1,9}))?)?)?"
                            + "(?:([Zz])|([-+])(\\d\\d):?(\\d\\d)?)?");

    private final String flink;
    private final String shape;

    Moment(String flink, String shape) {
        this.flink = flink;
        this.shape = shape;
    }

    @Override
    public Object value(JsonToken token, String text) {
        if (token != JsonToken.VALUE_STRING || text.length() > MAX_CHARACTERS) {
            return null;
        }
        Matcher parts = SHAPE.matcher(text.strip());
        if (!parts.matches()) {
            return null;
        }
        boolean hasDate = parts.group(1) != null;
        boolean hasTime = parts.group(5) != null;
        boolean hasZone = parts.group(9) != null || parts.group(10) != null;
        boolean hasBoth = hasDate && hasTime;
        if ((parts.group(4) != null) != hasBoth || hasZone && !hasBoth || (this == TIME ? !hasTime : !hasDate)) {
            return null;
        }
        try {
            LocalDate date = hasDate ? date(parts) : LocalDate.EPOCH;
            LocalTime time = hasTime ? time(parts) : LocalTime.MIDNIGHT;
            LocalDateTime moment = date.atTime(time).minusMinutes(offset(parts));
            return moment.getYear() < 1 || moment.getYear() > 9999 ? null : value(moment);
        } catch (DateTimeException e) { // 30 February
            return null;
        }
    }

    private static LocalDate date(Matcher parts) {
        return LocalDate.of(number(parts, 1), number(parts, 2), number(parts, 3));
    }

    private static LocalTime time(Matcher parts) {
        String fraction = parts.group(8) == null ? "" : parts.group(8);
        int milliseconds = Integer.parseInt((fraction + "000").substring(0, 3));
        return LocalTime.of(number(parts, 5), number(parts, 6), number(parts, 7), milliseconds * 1_000_000);
    }

    /** Minutes that the text's clock is ahead of UTC. */
    private static int offset(Matcher parts) {
        int hours = number(parts, 11);
        int minutes = number(parts, 12);
        if (hours > 18 || minutes > 59) {
            throw new DateTimeException("no clock is so far from UTC");
        }
        return (hours * 60 + minutes) * ("-".equals(parts.group(10)) ? -1 : 1);
    }

    /** The number of a group; 0 without it. */
    private static int number(Matcher parts, int group) {
        return parts.group(group) == null ? 0 : Integer.parseInt(parts.group(group));
    }

    private Object value(LocalDateTime moment) {
        switch (this) {
            case DATE:
                return (int) moment.toLocalDate().toEpochDay();
            case TIME:
                return moment.toLocalTime().toSecondOfDay() * 1000;
            default:
                return TimestampData.fromLocalDateTime(moment);
        }
    }

    @Override
    public String expected() {
        return name() + " as " + shape;
    }

    @Override
    public String hint(JsonToken token, String text) {
        return null;
    }

    @Override
    public String flink() {
        return flink;
    }
}
