import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.cometd.bayeux.Promise;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.ServerChannel;
import org.cometd.bayeux.server.ServerMessage;
import org.cometd.bayeux.server.ServerSession;
import org.cometd.server.BayeuxServerImpl;
import org.cometd.server.DefaultSecurityPolicy;
import org.cometd.server.ServerSessionImpl;
import org.cometd.server.ext.AcknowledgedMessagesExtension;
import org.cometd.server.http.jakarta.CometDServlet;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.servlet.ServletHolder;
import org.eclipse.jetty.server.Context;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

/** The reference server 9 on Jetty 12.1, at /cometd, over long-polling and WebSocket. */
final class Main {
    public static void main(String[] args) throws Exception {
        Control control = new Control(args);

        Server jetty = new Server();
        ServerConnector connector = new ServerConnector(jetty);
        connector.setHost("127.0.0.1");
        connector.setPort(control.port());
        jetty.addConnector(connector);

        BayeuxServerImpl bayeux = new BayeuxServerImpl();
        bayeux.setOption("timeout", control.get("timeout", "30000"));
        bayeux.setOption("maxInterval", control.get("maxInterval", "10000"));
        bayeux.setOption("handshakeReconnect", control.get("handshakeReconnect", "false"));
        bayeux.setOption("sweepPeriod", "50");
        bayeux.setOption("transports",
            "org.cometd.server.websocket.jetty.JettyWebSocketTransport,org.cometd.server.http.JSONHttpTransport");
        bayeux.setOption("ws.cometdURLMapping", "/cometd/*");
        if (control.get("ack", "false").equals("true")) {
            bayeux.addExtension(new AcknowledgedMessagesExtension());
        }
        bayeux.setSecurityPolicy(new DefaultSecurityPolicy() {
            @Override
            public void canSubscribe(BayeuxServer server, ServerSession session, ServerChannel channel, ServerMessage message, Promise<Boolean> promise) {
                if (channel.getId().startsWith("/forbidden")) {
                    promise.succeed(false);
                } else {
                    super.canSubscribe(server, session, channel, message, promise);
                }
            }

            @Override
            public void canPublish(BayeuxServer server, ServerSession session, ServerChannel channel, ServerMessage message, Promise<Boolean> promise) {
                if (channel.getId().startsWith("/forbidden")) {
                    promise.succeed(false);
                } else {
                    super.canPublish(server, session, channel, message, promise);
                }
            }
        });

        AtomicInteger held = new AtomicInteger();
        Set<ServerSession> waiting = ConcurrentHashMap.newKeySet();
        bayeux.addListener(new BayeuxServer.SessionListener() {
            @Override
            public void sessionAdded(ServerSession session, ServerMessage message) {
                session.addListener(new ServerSession.HeartBeatListener() {
                    @Override
                    public void onSuspended(ServerSession session, ServerMessage message, long timeout) {
                        held.incrementAndGet();
                        waiting.add(session);
                    }

                    @Override
                    public void onResumed(ServerSession session, ServerMessage message, boolean timeout) {
                        waiting.remove(session);
                    }
                });
            }
        });

        ServletContextHandler context = new ServletContextHandler("/");
        context.insertHandler(WebSocketUpgradeHandler.from(jetty, context, container -> {}));
        ServletHolder holder = new ServletHolder(new CometDServlet() {
            @Override
            protected BayeuxServer newBayeuxServer() {
                bayeux.setOption(Context.class.getName(), context.getContext());
                return bayeux;
            }
        });
        holder.setAsyncSupported(true);
        holder.setInitOrder(1);
        context.addServlet(holder, "/cometd/*");
        jetty.setHandler(context);
        jetty.start();

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
                to.publish(null, data, Promise.noop());
            }

            @Override
            public void disconnect(String session) {
                bayeux.getSession(session).disconnect();
            }

            @Override
            public void forget(String id) {
                // As the server's own sweep does when a session has expired.
                ServerSessionImpl session = (ServerSessionImpl) bayeux.getSession(id);
                session.destroyScheduler();
                bayeux.removeServerSession(session, true);
            }

            @Override
            public String held() {
                return held.toString();
            }

            @Override
            public long waiting() {
                return bayeux.getSessions().stream().filter(waiting::contains).count();
            }

            @Override
            public int subscribers(String name) {
                ServerChannel channel = bayeux.getChannel(name);
                return channel == null ? 0 : channel.getSubscribers().size();
            }
        });
    }
}
