package aws;

import java.io.Serializable;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.auth.credentials.SystemPropertyCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.profiles.ProfileFileSupplier;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.StsClientBuilder;
import software.amazon.awssdk.services.sts.auth.StsAssumeRoleCredentialsProvider;
import software.amazon.awssdk.services.sts.auth.StsWebIdentityTokenFileCredentialsProvider;

/**
 * Where credentials come from, by the options {@code aws.credentials.*} as Apache's connectors have them.
 *
 * <p>BASIC and CUSTOM are left out: the first puts a secret into options, which EXPLAIN and logs print; the second
 * loads a class that nobody ships.
 */
final class Credentials implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final String PREFIX = "aws.credentials.";
    private static final String AUTO = "AUTO";
    private static final String ROLE = "ASSUME_ROLE";
    private static final List<String> SOURCES = // of the credentials with which a role is assumed
            List.of(AUTO, "ENV_VAR", "SYS_PROP", "PROFILE", "WEB_IDENTITY_TOKEN");
    private static final List<String> PROVIDERS =
            List.of(AUTO, "ENV_VAR", "SYS_PROP", "PROFILE", "WEB_IDENTITY_TOKEN", ROLE);
    private static final String SESSION = "flink"; // the name of a role's session, where the options have none

    private final String region;
    private final HashMap<String, String> options;

    /** Throws IllegalArgumentException for a provider that there is not, or that lacks an option. */
    Credentials(String region, Map<String, String> options) {
        this.region = region;
        this.options = new HashMap<>(options);
        require("provider", PROVIDERS);
        require("role.provider", SOURCES);
        if (option("provider", AUTO).equals(ROLE) && option("role.arn", null) == null) {
            throw new IllegalArgumentException("'" + PREFIX + "role.arn' is missing.");
        }
    }

    private void require(String name, List<String> choices) {
        if (!choices.contains(option(name, AUTO))) {
            throw new IllegalArgumentException(
                    "'" + PREFIX + name + "' is '" + option(name, AUTO) + "', but must be one of "
                            + String.join(", ", choices) + ".");
        }
    }

    AwsCredentialsProvider provider() {
        return provider(option("provider", AUTO));
    }

    private AwsCredentialsProvider provider(String name) {
        switch (name) {
            case "ENV_VAR":
                return EnvironmentVariableCredentialsProvider.create();
            case "SYS_PROP":
                return SystemPropertyCredentialsProvider.create();
            case "PROFILE":
                return profile();
            case ROLE:
                return role();
            case "WEB_IDENTITY_TOKEN":
                return webIdentity();
            default:
                return DefaultCredentialsProvider.builder().build();
        }
    }

    private AwsCredentialsProvider profile() {
        ProfileCredentialsProvider.Builder profile = ProfileCredentialsProvider.builder();
        String path = option("profile.path", null);
        if (path != null) {
            profile.profileFile(
                    ProfileFileSupplier.reloadWhenModified(Path.of(path), ProfileFile.Type.CREDENTIALS));
        }
        return profile.profileName(option("profile.name", null)).build();
    }

    private AwsCredentialsProvider role() {
        StsClient sts = sts(provider(option("role.provider", AUTO)));
        return StsAssumeRoleCredentialsProvider.builder()
                .stsClient(sts)
                .refreshRequest(
                        request ->
                                request.roleArn(option("role.arn", null))
                                        .roleSessionName(option("role.sessionName", SESSION))
                                        .externalId(option("role.externalId", null)))
                .build();
    }

    private AwsCredentialsProvider webIdentity() {
        StsWebIdentityTokenFileCredentialsProvider.Builder identity =
                StsWebIdentityTokenFileCredentialsProvider.builder()
                        .stsClient(sts(AnonymousCredentialsProvider.create()));
        String file = option("webIdentityToken.file", null);
        String role = option("role.arn", null);
        if (file != null) { // else the variables of the environment say it
            identity.webIdentityTokenFile(Path.of(file));
        }
        if (role != null) {
            identity.roleArn(role);
        }
        return identity.roleSessionName(option("role.sessionName", SESSION)).build();
    }

    private StsClient sts(AwsCredentialsProvider source) {
        StsClientBuilder sts =
                StsClient.builder()
                        .region(Region.of(region))
                        .credentialsProvider(source)
                        .httpClientBuilder(UrlConnectionHttpClient.builder());
        String endpoint = option("role.stsEndpoint", null);
        return (endpoint == null ? sts : sts.endpointOverride(URI.create(endpoint))).build();
    }

    private String option(String name, String otherwise) {
        return options.getOrDefault(PREFIX + name, otherwise);
    }
}
