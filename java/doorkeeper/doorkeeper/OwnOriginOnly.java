package doorkeeper;

import java.util.Map;
import java.util.Optional;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.io.network.netty.InboundChannelHandlerFactory;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandler;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandlerContext;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelInboundHandlerAdapter;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpServerCodec;

/**
 * Puts a {@link Doorkeeper} in front of Flink's REST server and web UI.
 *
 * <p>Flink finds this class by ServiceLoader wherever its jar is on the class path of a JobManager, and asks it for a
 * handler for each connection. Only the Flinks that are started on this machine have that jar; the package for Managed
 * Flink does not.
 */
public class OwnOriginOnly implements InboundChannelHandlerFactory {
    @Override
    public int priority() {
        return Integer.MAX_VALUE;
    }

    @Override
    public Optional<ChannelHandler> createHandler(Configuration configuration, Map<String, String> responseHeaders) {
        return Optional.of(new Placement());
    }

    /**
     * Takes the doorkeeper to its place: Flink adds handlers like this one behind those that write an upload to disk and
     * gather a body, and it has to stand before them, right after the codec. Where there is no codec, the connection
     * fails: nobody comes in unseen.
     */
    private static class Placement extends ChannelInboundHandlerAdapter {
        @Override
        public void handlerAdded(ChannelHandlerContext here) {
            String codec = here.pipeline().context(HttpServerCodec.class).name();
            here.pipeline().addAfter(codec, Doorkeeper.class.getName(), new Doorkeeper());
            here.pipeline().remove(this);
        }
    }
}
