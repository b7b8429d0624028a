package doorkeeper;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.flink.shaded.netty4.io.netty.buffer.ByteBuf;
import org.apache.flink.shaded.netty4.io.netty.buffer.Unpooled;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelFutureListener;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandlerContext;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelInboundHandlerAdapter;
import org.apache.flink.shaded.netty4.io.netty.channel.socket.DuplexChannel;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.DefaultFullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.FullHttpResponse;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderValues;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaders;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpMethod;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpVersion;
import org.apache.flink.shaded.netty4.io.netty.util.ReferenceCountUtil;

/**
 * Refuses, with status 403, every request that a page of somewhere else may have sent; one stands in each connection.
 *
 * <p>A browser lets any page send requests to this machine, a job's submission among them, and no password keeps it out:
 * Flink has none. What the browser does not let a page choose are the headers that are looked at here. A request goes on
 * if all of this holds:
 *
 * <ul>
 *   <li>its target is a path, as all targets are but a proxy's;
 *   <li>it has one Host, which is this server's own: a loopback name with its port (a page whose name is made to lead
 *       here, "DNS rebinding", has its own name in it);
 *   <li>it has no Origin, as from a program or an address that was typed, or one that is this Host's;
 *   <li>if the browser says so (Sec-Fetch-Site), it does not come from a page of another origin, except that a link may
 *       lead to the web UI: a frame, an image or a script may not, and no link to anything else, as Flink cancels a job
 *       by a GET, too (/jobs/ID/yarn-cancel).
 * </ul>
 *
 * <p>A refused request is not read: of its body nothing is gathered and nothing is written to disk. The connection ends.
 */
class Doorkeeper extends ChannelInboundHandlerAdapter {
    private static final List<String> LOOPBACK = List.of("127.0.0.1", "localhost", "[::1]");
    private static final Set<String> OWN_SITES = Set.of("same-origin", "none");
    private static final int HTTP_PORT = 80; // the one that may be left out
    /** How long what is still being sent is taken and dropped, so that the sender gets to see the answer. */
    private static final int LINGER_SECONDS = 2;

    private boolean hasRefused;

    /** Lets a request pass or refuses it; what follows a refused one in its connection is dropped. */
    @Override
    public void channelRead(ChannelHandlerContext connection, Object message) {
        if (!hasRefused && message instanceof HttpRequest) {
            hasRefused = !isWelcome((HttpRequest) message, ownPort(connection));
            if (hasRefused) {
                refuse(connection);
            }
        }
        if (hasRefused) {
            ReferenceCountUtil.release(message);
        } else {
            connection.fireChannelRead(message);
        }
    }

    private static int ownPort(ChannelHandlerContext connection) {
        return ((InetSocketAddress) connection.channel().localAddress()).getPort();
    }

    /** Whether a request to the server with this port may go on. */
    static boolean isWelcome(HttpRequest request, int port) {
        if (request.decoderResult().isFailure() || !request.uri().startsWith("/")) {
            return false;
        }
        HttpHeaders headers = request.headers();
        List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
        return hosts.size() == 1
                && isOwnHost(hosts.get(0), port)
                && isOwnOrigin(headers.getAll(HttpHeaderNames.ORIGIN), hosts.get(0))
                && (isOwnPage(headers) || isLinkToTheWebUi(request));
    }

    private static boolean isOwnHost(String host, int port) {
        String given = host.toLowerCase(Locale.ROOT);
        return LOOPBACK.stream().anyMatch(name -> given.equals(name + ":" + port)
                || (port == HTTP_PORT && given.equals(name)));
    }

    private static boolean isOwnOrigin(List<String> origins, String host) {
        return origins.isEmpty() || (origins.size() == 1 && origins.get(0).equalsIgnoreCase("http://" + host));
    }

    /** Says no only where a browser tells that a page of another origin asks. */
    private static boolean isOwnPage(HttpHeaders headers) {
        return OWN_SITES.containsAll(headers.getAll("Sec-Fetch-Site"));
    }

    /** Whether a page of its own is asked for, the first one; what it shows stands behind a # and is not sent. */
    private static boolean isLinkToTheWebUi(HttpRequest request) {
        return request.method().equals(HttpMethod.GET)
                && request.uri().equals("/")
                && List.of("document").equals(request.headers().getAll("Sec-Fetch-Dest"));
    }

    /** Answers, then waits for the sender to end, for a moment: closed at once, the connection could lose the answer. */
    private static void refuse(ChannelHandlerContext connection) {
        connection.writeAndFlush(answer()).addListener((ChannelFutureListener) written -> {
            if (!written.isSuccess() || !(written.channel() instanceof DuplexChannel)) {
                written.channel().close();
                return;
            }
            ((DuplexChannel) written.channel()).shutdownOutput();
            connection.executor().schedule(() -> written.channel().close(), LINGER_SECONDS, TimeUnit.SECONDS);
        });
    }

    private static FullHttpResponse answer() {
        String why = "This Flink answers programs and pages of its own address only, by a name of this machine.\n";
        ByteBuf body = Unpooled.copiedBuffer(why, StandardCharsets.UTF_8);
        FullHttpResponse answer = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.FORBIDDEN, body);
        answer.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                .set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes())
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        return answer;
    }
}
