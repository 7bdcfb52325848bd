import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * A real Elasticsearch node from the server's own jars, for tests: a node by itself, or one of a cluster, on loopback; its
 * free HTTP port it writes to logs/http.ports. It ends when its standard input does, so that it never outlives who started
 * it.
 *
 * Run with: java -cp 'lib/*' SearchNode.java HOME MODULES [NAME TRANSPORT_PORT ALL_TRANSPORT_ADDRESSES ALL_NAMES]
 */
class SearchNode {
    private static final String LOGGING =
            """
            appender.console.type = Console
            appender.console.name = console
            appender.console.layout.type = PatternLayout
            appender.console.layout.pattern = %d %-5p %c{1.} %m%n
            rootLogger.level = warn
            rootLogger.appenderRef.console.ref = console
            """;

    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(arguments[0]);
        for (String folder : new String[] {"config", "plugins", "logs", "data"}) {
            Files.createDirectories(home.resolve(folder));
        }
        Files.writeString(home.resolve("config/log4j2.properties"), LOGGING);
        Settings.Builder settings =
                Settings.builder()
                        .put("path.home", home.toString())
                        .put("path.logs", home.resolve("logs").toString())
                        .put("network.host", "127.0.0.1")
                        .put("http.port", "0")
                        .put("node.portsfile", true)
                        .put("cluster.name", "conformance")
                        .put("cluster.routing.allocation.disk.threshold_enabled", false);
        if (arguments.length > 2) {
            settings.put("node.name", arguments[2])
                    .put("transport.port", arguments[3])
                    .put("discovery.seed_hosts", arguments[4])
                    .put("cluster.initial_master_nodes", arguments[5])
                    .put("cluster.fault_detection.leader_check.interval", "500ms")
                    .put("cluster.fault_detection.follower_check.interval", "500ms");
        } else {
            settings.put("transport.port", "0").put("discovery.type", "single-node");
        }
        Environment environment =
                InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), home.resolve("config"), () -> "node");
        LogConfigurator.registerErrorListener();
        LogConfigurator.configure(environment, true);
        PluginsLoader loader =
                PluginsLoader.createPluginsLoader(
                        PluginsLoader.loadModulesBundles(Path.of(arguments[1])), Set.of(), Map.of(), false);
        Node node = new Node(environment, loader).start();
        while (System.in.read() >= 0) {
            // Whoever started this node says nothing; it only holds the line.
        }
        node.close();
        System.exit(0);
    }
}
