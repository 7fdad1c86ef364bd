import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * What every server program of this directory has in common: its arguments
 * (key=value), the control interface that the tests use, the line that tells
 * the ports, and the end of the program with its standard input.
 */
final class Control {
    /** What a server lets the tests do to it. */
    interface Target {
        Collection<String> sessions();

        void publish(String channel, Map<String, Object> data);

        /** Ends the session as a server's own code does: the client is told. */
        void disconnect(String session);

        /** Forgets the session as if it had expired: the client is not told. */
        void forget(String session);

        int subscribers(String channel);

        /** Something that changes when another connect is held. */
        String held();

        /** How many connects are held. */
        long waiting();
    }

    private final Map<String, String> arguments = new HashMap<>();

    Control(String[] args) {
        for (String arg : args) {
            int equals = arg.indexOf('=');
            arguments.put(arg.substring(0, equals), arg.substring(equals + 1));
        }
    }

    String get(String name, String otherwise) {
        return arguments.getOrDefault(name, otherwise);
    }

    int port() {
        return Integer.parseInt(get("port", "0"));
    }

    /** Opens the control interface, tells both ports, and stays until the standard input ends. */
    void serve(int port, Target target) throws IOException {
        HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.createContext("/", exchange -> {
            String answer;
            int status = 200;
            try {
                answer = control(exchange, target);
            } catch (Throwable failure) {
                failure.printStackTrace();
                status = 500;
                answer = failure.toString();
            }
            byte[] body = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        http.start();
        System.out.println("LISTENING " + port + " " + http.getAddress().getPort());
        while (System.in.read() >= 0) {
            // Nothing is ever written to it; it ends with the test process, however that ends.
        }
        System.exit(0);
    }

    private static String control(HttpExchange exchange, Target target) {
        Map<String, String> query = new HashMap<>();
        String text = exchange.getRequestURI().getRawQuery();
        if (text != null && !text.isEmpty()) {
            for (String pair : text.split("&")) {
                int equals = pair.indexOf('=');
                query.put(pair.substring(0, equals), URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
            }
        }
        switch (exchange.getRequestURI().getPath()) {
            case "/sessions":
                return String.join("\n", target.sessions());
            case "/publish":
                int first = Integer.parseInt(query.get("first"));
                int count = Integer.parseInt(query.get("count"));
                String pad = "x".repeat(Integer.parseInt(query.getOrDefault("pad", "0")));
                for (int n = first; n < first + count; n++) {
                    Map<String, Object> data = new HashMap<>();
                    data.put("n", n);
                    if (!pad.isEmpty()) {
                        data.put("pad", pad);
                    }
                    target.publish(query.get("channel"), data);
                }
                return "";
            case "/subscribers":
                return String.valueOf(target.subscribers(query.get("channel")));
            case "/held":
                return target.held();
            case "/waiting":
                return String.valueOf(target.waiting());
            case "/disconnect":
                target.sessions().forEach(target::disconnect);
                return "";
            case "/forget":
                target.sessions().forEach(target::forget);
                return "";
            default:
                throw new IllegalArgumentException("no control " + exchange.getRequestURI());
        }
    }
}
