import java.lang.reflect.Field;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.ServerChannel;
import org.cometd.bayeux.server.ServerMessage;
import org.cometd.bayeux.server.ServerSession;
import org.cometd.server.BayeuxServerImpl;
import org.cometd.server.CometDServlet;
import org.cometd.server.DefaultSecurityPolicy;
import org.cometd.server.ServerSessionImpl;
import org.cometd.server.ext.AcknowledgedMessagesExtension;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.eclipse.jetty.websocket.server.NativeWebSocketServletContainerInitializer;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeFilter;

/** The reference server 3.1 on Jetty 9.4, at /cometd, over long-polling and WebSocket. */
final class Main {
    /** Tells the object that ends the connect being held, which no part of the API does. */
    private static String scheduler(ServerSession session) {
        try {
            Field field = ServerSessionImpl.class.getDeclaredField("_scheduler");
            field.setAccessible(true);
            Object scheduler = field.get(session);
            return scheduler == null ? "" : String.valueOf(System.identityHashCode(scheduler));
        } catch (ReflectiveOperationException failure) {
            throw new IllegalStateException(failure);
        }
    }

    public static void main(String[] args) throws Exception {
        Control control = new Control(args);

        Server jetty = new Server();
        ServerConnector connector = new ServerConnector(jetty);
        connector.setHost("127.0.0.1");
        connector.setPort(control.port());
        jetty.addConnector(connector);

        ServletContextHandler context = new ServletContextHandler(jetty, "/");
        NativeWebSocketServletContainerInitializer.initialize(context);
        WebSocketUpgradeFilter.configure(context);
        ServletHolder holder = new ServletHolder(CometDServlet.class);
        holder.setInitParameter("timeout", control.get("timeout", "30000"));
        holder.setInitParameter("maxInterval", control.get("maxInterval", "10000"));
        holder.setInitParameter("sweepPeriod", "50");
        holder.setInitParameter("transports",
            "org.cometd.websocket.server.JettyWebSocketTransport,org.cometd.server.transport.JSONTransport");
        holder.setInitParameter("ws.cometdURLMapping", "/cometd/*");
        holder.setAsyncSupported(true);
        holder.setInitOrder(1);
        context.addServlet(holder, "/cometd/*");
        jetty.start();

        BayeuxServerImpl bayeux = (BayeuxServerImpl) context.getServletContext().getAttribute(BayeuxServer.ATTRIBUTE);
        if (control.get("ack", "false").equals("true")) {
            bayeux.addExtension(new AcknowledgedMessagesExtension());
        }
        bayeux.setSecurityPolicy(new DefaultSecurityPolicy() {
            @Override
            public boolean canSubscribe(BayeuxServer server, ServerSession session, ServerChannel channel, ServerMessage message) {
                return !channel.getId().startsWith("/forbidden") && super.canSubscribe(server, session, channel, message);
            }

            @Override
            public boolean canPublish(BayeuxServer server, ServerSession session, ServerChannel channel, ServerMessage message) {
                return !channel.getId().startsWith("/forbidden") && super.canPublish(server, session, channel, message);
            }
        });

        control.serve(connector.getLocalPort(), new Control.Target() {
            @Override
            public Collection<String> sessions() {
                return bayeux.getSessions().stream().map(ServerSession::getId).collect(Collectors.toList());
            }

            @Override
            public void publish(String channel, Map<String, Object> data) {
                // Persistent, because a sweep of channels that nobody subscribes to may
                // hit one that a client is just subscribing to again.
                ServerChannel to = bayeux.createChannelIfAbsent(channel).getReference();
                to.setPersistent(true);
                to.publish(null, data);
            }

            @Override
            public void disconnect(String session) {
                bayeux.getSession(session).disconnect();
            }

            @Override
            public void forget(String id) {
                // As the server's own sweep does when a session has expired.
                ServerSessionImpl session = (ServerSessionImpl) bayeux.getSession(id);
                session.cancelSchedule();
                bayeux.removeServerSession(session, true);
            }

            @Override
            public String held() {
                return bayeux.getSessions().stream().map(Main::scheduler).collect(Collectors.joining());
            }

            @Override
            public long waiting() {
                return bayeux.getSessions().stream().filter(session -> !scheduler(session).isEmpty()).count();
            }

            @Override
            public int subscribers(String name) {
                ServerChannel channel = bayeux.getChannel(name);
                return channel == null ? 0 : channel.getSubscribers().size();
            }
        });
    }
}
