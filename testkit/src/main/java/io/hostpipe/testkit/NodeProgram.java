package io.hostpipe.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/**
 * A program in another language, with a library that is not ours, against what is tested: {@code
 * client.js} and the packages that its {@code package.json} names.
 *
 * <p>Thread rule: any thread, once it was installed.
 */
public final class NodeProgram {
  private static final String PROGRAM = "client.js";
  private static final long INSTALL_SECONDS_MAX = 300;
  private static final long RUN_SECONDS_MAX = 300;

  private final Path folder;

  private NodeProgram(Path folder) {
    this.folder = folder;
  }

  /**
   * What a run gave.
   *
   * @param exit its exit code
   * @param output what it printed, errors included
   */
  public record Run(int exit, String output) {}

  /**
   * Copies the program and fetches its packages. Blocks.
   *
   * @param sources where it is written
   * @param folder where it may be run; what was fetched there before is used again
   * @throws TestAbortedException when there is no node or npm
   */
  public static NodeProgram install(Path sources, Path folder)
      throws IOException, InterruptedException {
    Path own = Files.createDirectories(folder).toAbsolutePath();
    NodeProgram program = new NodeProgram(own);
    if (!program.succeeds("node", "--version") || !program.succeeds("npm", "--version")) {
      throw new TestAbortedException("needs node and npm");
    }
    Path wanted = sources.resolve("package.json");
    Path fetched = own.resolve("fetched.json");
    boolean same = Files.exists(fetched) && Files.mismatch(wanted, fetched) < 0;
    try (Stream<Path> files = Files.list(sources)) {
      for (Path each : files.toList()) {
        Files.copy(each, own.resolve(each.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    if (!same) {
      if (!program.succeeds("npm", "install", "--no-audit", "--no-fund", "--loglevel=error")) {
        throw new AssertionError("npm install failed in " + own);
      }
      Files.copy(wanted, fetched, StandardCopyOption.REPLACE_EXISTING);
    }
    return program;
  }

  /** Runs it to its end. Blocks. */
  public Run run(String... words) throws IOException, InterruptedException {
    return run(Map.of(), words);
  }

  /** The same with more in its environment. */
  public Run run(Map<String, String> environment, String... words)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "output", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(command(words))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      if (!process.waitFor(RUN_SECONDS_MAX, TimeUnit.SECONDS)) {
        throw new AssertionError("it did not end: " + Files.readString(output));
      }
      return new Run(process.exitValue(), Files.readString(output));
    } finally {
      process.destroyForcibly();
      Files.delete(output);
    }
  }

  private static List<String> command(String... words) {
    List<String> command = new ArrayList<>(List.of("node", PROGRAM));
    command.addAll(List.of(words));
    return command;
  }

  private boolean succeeds(String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(INSTALL_SECONDS_MAX, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
