package io.hostpipe.testkit.simulator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A bug to be planted into the session: a unified diff. What is to be replaced has to be there
 * exactly once, wherever it stands; line numbers do not matter.
 */
record PlantedBug(String name, String description, List<Hunk> hunks) {
  private static final String SOURCES = "session/src/main/java/";

  /** All bugs of a folder, in the order of their names. */
  static List<PlantedBug> allIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<PlantedBug> bugs = new ArrayList<>();
      for (Path file : files.sorted().toList()) {
        bugs.add(read(file));
      }
      return bugs;
    }
  }

  /** The changed files, by their paths below the root of the tree. */
  Map<String, String> applyTo(Path root) throws IOException {
    Map<String, String> changed = new TreeMap<>();
    for (Hunk hunk : hunks) {
      String text = changed.get(hunk.file);
      if (text == null) {
        text = Files.readString(root.resolve(hunk.file));
      }
      int at = text.indexOf(hunk.before);
      if (at < 0 || text.indexOf(hunk.before, at + 1) >= 0) {
        throw new IllegalStateException(
            name + " does not apply to " + hunk.file + " any more: look for\n" + hunk.before);
      }
      String after = text.substring(at + hunk.before.length());
      changed.put(hunk.file, text.substring(0, at) + hunk.after + after);
    }
    return changed;
  }

  /** The class path name of a changed file. */
  static String sourceName(String file) {
    if (!file.startsWith(SOURCES)) {
      throw new IllegalStateException("bugs are planted into the session, not into " + file);
    }
    return file.substring(SOURCES.length());
  }

  private static PlantedBug read(Path file) throws IOException {
    String name = file.getFileName().toString().replace(".patch", "");
    List<Hunk> hunks = new ArrayList<>();
    String description = "";
    String target = "";
    StringBuilder before = new StringBuilder();
    StringBuilder after = new StringBuilder();
    for (String line : Files.readAllLines(file)) {
      boolean head = line.startsWith("--- ") || line.startsWith("+++ ") || line.startsWith("@@");
      if (head && !before.isEmpty()) {
        hunks.add(new Hunk(target, before.toString(), after.toString()));
        before.setLength(0);
        after.setLength(0);
      }
      if (line.startsWith("# ")) {
        description = line.substring(2);
      } else if (line.startsWith("+++ b/")) {
        target = line.substring("+++ b/".length());
      } else if (!head) {
        String text = line.isEmpty() ? "" : line.substring(1);
        if (!line.startsWith("+")) {
          before.append(text).append('\n');
        }
        if (!line.startsWith("-")) {
          after.append(text).append('\n');
        }
      }
    }
    hunks.add(new Hunk(target, before.toString(), after.toString()));
    return new PlantedBug(name, description, hunks);
  }

  @Override
  public String toString() {
    return name;
  }

  /** One replacement in one file. */
  record Hunk(String file, String before, String after) {}
}
