package preprocessing;

import aws.Place;
import java.time.Duration;

/** A function of AWS Lambda, by its ARN. */
final class LambdaHook implements Hook {
    private static final long serialVersionUID = 1L;

    final Place place;
    final String arn;
    final Duration limit;

    LambdaHook(Place place, String arn, Duration limit) {
        this.place = place;
        this.arn = arn;
        this.limit = limit;
    }

    @Override
    public Function open() {
        return new LambdaFunction(this);
    }

    @Override
    public String home() {
        String[] parts = arn.split(":", 6); // arn:aws:lambda:region:account:function:NAME
        return parts.length < 6 ? place.region + ":000000000000" : parts[3] + ":" + parts[4];
    }
}
