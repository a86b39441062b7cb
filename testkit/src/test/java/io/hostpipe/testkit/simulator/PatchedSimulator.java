package io.hostpipe.testkit.simulator;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * The simulator over a session with a bug in it: the changed sources are compiled, and a class
 * loader of its own loads session and simulator anew.
 */
final class PatchedSimulator extends ClassLoader {
  private static final List<String> OWN_PACKAGES =
      List.of("io.hostpipe.session.", "io.hostpipe.testkit.simulator.");

  private final Path patchedClasses;

  private PatchedSimulator(Path patchedClasses) {
    super(PatchedSimulator.class.getClassLoader());
    this.patchedClasses = patchedClasses;
  }

  /** Compiles what the bug changes into the folder. */
  static PatchedSimulator compile(PlantedBug bug, Path root, Path folder) throws IOException {
    Path sources = Files.createDirectories(folder.resolve("sources"));
    Path classes = Files.createDirectories(folder.resolve("classes"));
    List<Path> changed = new ArrayList<>();
    for (Map.Entry<String, String> file : bug.applyTo(root).entrySet()) {
      Path target = sources.resolve(PlantedBug.sourceName(file.getKey()));
      Files.createDirectories(target.getParent());
      changed.add(Files.writeString(target, file.getValue()));
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter said = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of(
              "-proc:none", "-d", classes.toString(), "-cp", System.getProperty("java.class.path"));
      boolean compiled =
          compiler
              .getTask(said, files, null, options, null, files.getJavaFileObjectsFromPaths(changed))
              .call();
      if (!compiled) {
        throw new IllegalStateException(bug + " does not compile:\n" + said);
      }
    }
    return new PatchedSimulator(classes);
  }

  /** As {@link Simulate#firstViolation}, of the session with the bug. */
  @Nullable String firstViolation(long from, long count) throws ReflectiveOperationException {
    Class<?> simulate = loadClass(Simulate.class.getName());
    try {
      return (String)
          simulate.getMethod("firstViolation", long.class, long.class).invoke(null, from, count);
    } catch (InvocationTargetException e) {
      throw new IllegalStateException("the simulator itself broke", e.getCause());
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    Class<?> loaded = findLoadedClass(name);
    if (loaded != null) {
      return loaded;
    }
    return OWN_PACKAGES.stream().anyMatch(name::startsWith)
        ? define(name)
        : super.loadClass(name, resolve);
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    String path = name.replace('.', '/') + ".class";
    Path patched = patchedClasses.resolve(path);
    try (InputStream in =
        Files.exists(patched) ? Files.newInputStream(patched) : getResourceAsStream(path)) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      byte[] bytes = in.readAllBytes();
      return defineClass(name, bytes, 0, bytes.length);
    } catch (IOException e) {
      throw new ClassNotFoundException(name, e);
    }
  }
}
