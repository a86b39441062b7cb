package io.hostpipe.cli;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** The Java sources of the tree. */
final class JavaFiles {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** What is made of them; other modules may be built meanwhile, so files come and go there. */
  private static final Set<String> MADE = Set.of("target", "node_modules");

  private JavaFiles() {}

  /** All of them, main and tests, in order of their paths. */
  static List<Path> all() throws IOException {
    List<Path> all = new ArrayList<>();
    Files.walkFileTree(
        ROOT,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            String name = Objects.toString(folder.getFileName());
            return MADE.contains(name) || name.startsWith(".")
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            String path = ROOT.relativize(file).toString();
            if (path.endsWith(".java") && path.contains("src/")) {
              all.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    all.sort(null);
    return all;
  }

  /** Those that are no tests. */
  static List<Path> main() throws IOException {
    return all().stream()
        .filter(file -> ROOT.relativize(file).toString().contains("src/main/java/"))
        .toList();
  }
}
