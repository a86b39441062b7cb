package io.hostpipe.connector.local;

import io.hostpipe.Address;
import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import io.hostpipe.Sink;
import io.hostpipe.Source;
import io.hostpipe.Target;
import io.hostpipe.runtime.Relay;
import io.hostpipe.spi.PipeContext;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A program for the tests that need standard input and output of their own: {@code FROM TO [word…]}
 * relays one into the other. Exit 0 when all arrived; on stderr the positions and any failure.
 */
final class Copy {
  private Copy() {}

  public static void main(String[] words) throws Exception {
    PipeContext context = Ends.raw(Hostpipe.pool());
    Address to = Address.parse(words[1]);
    for (int index = 2; index < words.length; index++) {
      to = to.withOption(words[index], "true");
    }
    LocalConnector connector = new LocalConnector();
    int exit = 0;
    try (Target target = connector.target(to, context)) {
      Source source = connector.source(Address.parse(words[0]), context);
      Sink sink = target.open(source.stream(), source.encoding());
      try (Relay relay = new Relay(source, List.of(sink))) {
        try {
          relay.run();
        } catch (PipeException e) {
          System.err.println(e.status() + " " + e.getMessage());
          exit = 1;
        }
        System.err.println(
            "position "
                + relay.progress().position()
                + " committed "
                + relay.progress().committed()
                + " digest "
                + sink.resume().digest());
      }
    }
    System.err.println("taken " + Hostpipe.pool().takenBytes());
    System.exit(exit);
  }

  /** The command line that runs this program, after whatever a shell has to do before it. */
  static ProcessBuilder program(String shellBefore, String... words) throws java.io.IOException {
    Path arguments = Files.createTempFile("copy", ".args");
    arguments.toFile().deleteOnExit();
    Files.writeString(
        arguments, "-cp \"" + System.getProperty("java.class.path") + "\"", StandardCharsets.UTF_8);
    List<String> command = new ArrayList<>();
    command.add("bash");
    command.add("-c");
    command.add(
        shellBefore
            + " exec \"$0\" --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -Xmx64m \"@$1\" "
            + Copy.class.getName()
            + " \"${@:2}\"");
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add(arguments.toString());
    command.addAll(List.of(words));
    return new ProcessBuilder(command);
  }
}
