package io.hostpipe.testkit.kills;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Where one run happens: a folder, an address of this host that no other run has, the commands, and
 * what they read and write.
 */
final class Stage {
  /** Below what the kernel gives to those who dial. */
  private static final int PORT_FIRST = 20_001;

  private static final AtomicInteger RUNS = new AtomicInteger();

  /** 127.0.0 is everybody's, and 255 has a meaning. */
  private static final int OCTETS = 253;

  private static final int CHUNK_BYTES = 1 << 20;

  private final Path folder;
  private final List<String> hostpipe;
  private final long sizeBytes;
  private final SplittableRandom random;
  private final String host;
  private final List<Role> roles = new ArrayList<>();
  private final List<Role> sources = new ArrayList<>();
  private final List<Role> sinks = new ArrayList<>();
  private final List<Role> services = new ArrayList<>();
  private final List<Path> outputs = new ArrayList<>();
  private int portCount;

  /**
   * A stage with nothing on it.
   *
   * @param hostpipe the words that start the command
   * @param sizeBytes how much is to be moved
   */
  Stage(Path folder, List<String> hostpipe, long sizeBytes, SplittableRandom random) {
    this.folder = folder;
    this.hostpipe = hostpipe;
    this.sizeBytes = sizeBytes;
    this.random = random;
    this.host = host();
  }

  /** An address of this host that no other run has, of this process or another. */
  private static String host() {
    int process = (int) (ProcessHandle.current().pid() % (OCTETS * OCTETS));
    int run = RUNS.getAndIncrement() % OCTETS;
    return "127." + (1 + process / OCTETS) + "." + (1 + process % OCTETS) + "." + (1 + run);
  }

  /** A place for one listener and those who dial it. */
  String place() {
    portCount++;
    return host + ":" + (PORT_FIRST + portCount) + "/killed";
  }

  Path path(String name) {
    return folder.resolve(name);
  }

  /** How much is to be moved. */
  long sizeBytes() {
    return sizeBytes;
  }

  /** So many bytes a second that each of so many streams takes a few seconds, and can be hit. */
  String rate(int streamCount) {
    return Math.max(1 << 20, sizeBytes / streamCount / 3) + "/s";
  }

  /** Bytes that do not repeat. */
  Path randomFile(String name, long lengthBytes) throws IOException {
    Path file = folder.resolve(name);
    byte[] chunk = new byte[CHUNK_BYTES];
    try (OutputStream out = Files.newOutputStream(file)) {
      for (long left = lengthBytes; left > 0; left -= chunk.length) {
        random.nextBytes(chunk);
        out.write(chunk, 0, (int) Math.min(left, chunk.length));
      }
    }
    return file;
  }

  /** Lines of many lengths, each of which begins with the name and its number. */
  Path lines(String name, long lengthBytes) throws IOException {
    Path file = folder.resolve(name);
    try (OutputStream out = Files.newOutputStream(file)) {
      StringBuilder lines = new StringBuilder();
      long number = 0;
      for (long left = lengthBytes; left > 0; left -= lines.length()) {
        lines.setLength(0);
        while (lines.length() < CHUNK_BYTES && lines.length() < left) {
          lines.append(name).append(' ').append(number++).append(' ');
          lines.repeat('a' + random.nextInt(26), random.nextInt(200)).append('\n');
        }
        out.write(lines.toString().getBytes(StandardCharsets.US_ASCII));
      }
    }
    return file;
  }

  /** A file that something is to be written to. */
  Path output(String name) {
    Path file = folder.resolve(name);
    outputs.add(file);
    return file;
  }

  /** One that begins a stream: its first word is the file, or '-', which gives the same bytes. */
  void source(String name, Path input, String... words) {
    sources.add(role(name, input, words));
  }

  /** One that hands a stream on or ends it. */
  void sink(String name, String... words) {
    sinks.add(role(name, null, words));
  }

  /** One that takes streams until it is told to end. */
  void service(String name, String... words) {
    services.add(role(name, null, words));
  }

  private Role role(String name, @Nullable Path input, String... words) {
    List<String> command = new ArrayList<>(hostpipe);
    command.addAll(List.of(words));
    command.addAll(List.of("-v", "--progress", "never"));
    // Each as on a host of its own.
    Map<String, String> home = Map.of("XDG_STATE_HOME", folder.resolve(name + ".state").toString());
    Role role = new Role(name, folder, command, input, words[0].equals("-"), home);
    roles.add(role);
    return role;
  }

  List<Role> roles() {
    return roles;
  }

  List<Role> sources() {
    return sources;
  }

  List<Role> sinks() {
    return sinks;
  }

  List<Role> services() {
    return services;
  }

  /** How much is written: the least of all outputs. */
  long writtenBytes() throws IOException {
    long least = Long.MAX_VALUE;
    for (Path output : outputs) {
      least = Math.min(least, Files.exists(output) ? Files.size(output) : 0);
    }
    return least;
  }
}
