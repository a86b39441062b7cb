package io.hostpipe.connector.local;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.PipeEvents;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A program as an address names it: its words, its folder, what is added to its environment. It is
 * run as it is, without a shell.
 *
 * @param words the program and its arguments
 * @param folder where it runs; null for where this process does
 * @param environment what is added to the environment of this process
 * @param shown the command for people
 */
record Program(
    List<String> words, @Nullable Path folder, Map<String, String> environment, String shown) {
  static final String ARGUMENT = "arg";
  static final String FOLDER = "cwd";
  static final String VARIABLE = "env";

  /** For messages: a long command is cut. */
  private static final int SHOWN_LENGTH_MAX = 60;

  /** Which of its streams this side holds the other end of. */
  enum Role {
    /** Its output is read; its input is empty. */
    SOURCE,
    /** Its input is written; its output goes where that of this process goes. */
    SINK,
    /** Both. */
    FILTER
  }

  /** Reads the address of a program; nothing is looked up yet. */
  static Program of(Address address) throws PipeException {
    List<String> words = new ArrayList<>(CommandWords.split(address.path()));
    words.addAll(address.optionValues(ARGUMENT));
    String first = words.getFirst();
    if (first.isEmpty()) {
      throw new PipeException.Config("the name of the program is empty in: " + address);
    }
    Map<String, String> environment = new LinkedHashMap<>();
    for (String variable : address.optionValues(VARIABLE)) {
      int equals = variable.indexOf('=');
      if (equals <= 0) {
        throw new PipeException.Config(
            address.scheme() + ": env is written env=NAME=VALUE, with a name and a '='");
      }
      environment.put(variable.substring(0, equals), variable.substring(equals + 1));
    }
    String folder = address.option(FOLDER);
    // As typed, and as an address shows it: without passwords.
    String prefix = Address.EXEC + ":";
    List<String> typed = new ArrayList<>(List.of(prefix + address.path()));
    typed.addAll(address.optionValues(ARGUMENT));
    String shown = Address.parse(String.join(" ", typed)).toString().substring(prefix.length());
    return new Program(
        List.copyOf(words),
        folder == null ? null : path(folder),
        environment,
        shown.length() <= SHOWN_LENGTH_MAX ? shown : shown.substring(0, SHOWN_LENGTH_MAX) + "…");
  }

  /**
   * The file that would be run, found as the system finds it: a word with a slash is a path, any
   * other is looked for in the folders of PATH.
   *
   * @throws PipeException Config when there is none, Refused when it may not be run
   */
  Path find() throws PipeException {
    Path in = folder;
    if (in != null && !Files.isDirectory(in)) {
      throw new PipeException.Config(
          Status.NOT_FOUND, "the folder " + in + " to run '" + shown + "' in is not there");
    }
    String name = words.getFirst();
    if (name.indexOf('/') >= 0) {
      Path file = in == null ? path(name) : in.resolve(path(name));
      if (!Files.exists(file)) {
        throw new PipeException.Config(
            Status.NOT_FOUND, "there is no program " + file + "; look at the path");
      }
      return executable(file);
    }
    Path forbidden = null;
    for (String each : System.getenv().getOrDefault("PATH", "/usr/bin:/bin").split(":", -1)) {
      Path file = path(each.isEmpty() ? "." : each).resolve(path(name));
      if (Files.isRegularFile(file)) {
        if (Files.isExecutable(file)) {
          return file;
        }
        forbidden = file;
      }
    }
    if (forbidden != null) {
      return executable(forbidden);
    }
    throw new PipeException.Config(
        Status.NOT_FOUND,
        "there is no program '" + name + "' in the folders of PATH; install it, or name its path");
  }

  /** Starts it. What it says on stderr is told to the events, line by line. */
  RunningProgram start(Role role, PipeEvents events) throws PipeException {
    find();
    ProcessBuilder builder = new ProcessBuilder(words);
    if (folder != null) {
      builder.directory(folder.toFile());
    }
    builder.environment().putAll(environment);
    switch (role) {
      case SOURCE -> builder.redirectInput(new File("/dev/null"));
      case SINK -> builder.redirectOutput(Redirect.INHERIT);
      case FILTER -> {}
    }
    try {
      return new RunningProgram(builder.start(), shown, events);
    } catch (IOException e) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          "'" + shown + "' cannot be started: " + reason(e) + "; run it by hand to see why",
          e);
    }
  }

  private static Path executable(Path file) throws PipeException {
    if (Files.isDirectory(file)) {
      throw new PipeException.Refused(
          Status.PERMISSION_DENIED, file + " is a folder and cannot be run");
    }
    if (!Files.isExecutable(file)) {
      throw new PipeException.Refused(
          Status.PERMISSION_DENIED,
          file + " may not be run by this user; is it executable (chmod +x)?");
    }
    return file;
  }

  private static Path path(String name) throws PipeException {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new PipeException.Config("not a path: " + name);
    }
  }

  /** The system's own words, which the JDK puts behind its own. */
  private static String reason(IOException error) {
    String told = String.valueOf(error.getMessage());
    int comma = told.lastIndexOf("error=");
    return comma < 0 ? told : told.substring(told.indexOf(' ', comma) + 1);
  }
}
