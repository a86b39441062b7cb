package io.hostpipe.session;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jacoco.core.analysis.Analyzer;
import org.jacoco.core.analysis.CoverageBuilder;
import org.jacoco.core.analysis.IClassCoverage;
import org.jacoco.core.data.ExecutionDataStore;
import org.jacoco.core.data.SessionInfoStore;
import org.jacoco.core.instr.Instrumenter;
import org.jacoco.core.runtime.IRuntime;
import org.jacoco.core.runtime.LoggerRuntime;
import org.jacoco.core.runtime.RuntimeData;

/**
 * Fuzzes with counters in what reads the bytes of strangers, and tells which branches were taken:
 * inputs that never get far prove little.
 */
final class CodecCoverage {
  /** What a peer reaches before anybody knows who it is. */
  private static final List<String> WATCHED =
      List.of("FrameCodec", "FrameAssembler", "Gate", "Claimant", "Proofs", "Compatibility");

  private static final String PACKAGE = "io.hostpipe.session.";

  private CodecCoverage() {}

  /**
   * What a run came to.
   *
   * @param tally of the inputs, as text
   * @param passedShare how many of them passed checksum and greeting
   * @param branches of each class
   */
  record Result(String tally, double passedShare, List<Branches> branches) {
    Branches of(String name) {
      return branches.stream().filter(each -> each.name.equals(name)).findAny().orElseThrow();
    }
  }

  /**
   * How many branches of a class were taken.
   *
   * @param missed the lines with others
   */
  record Branches(String name, int taken, int all, List<Integer> missed) {
    double share() {
      return all == 0 ? 1 : (double) taken / all;
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%s: %d of %d branches (%.1f %%), not all of those in lines %s",
          name,
          taken,
          all,
          100 * share(),
          missed);
    }
  }

  static Result of(long count, long seed) throws Exception {
    IRuntime runtime = new LoggerRuntime();
    RuntimeData data = new RuntimeData();
    runtime.startup(data);
    String tally;
    double passedShare;
    ExecutionDataStore store = new ExecutionDataStore();
    try {
      Class<?> fuzz = new Counting(new Instrumenter(runtime)).loadClass(PACKAGE + "FuzzRun");
      var many = fuzz.getDeclaredMethod("many", long.class, long.class);
      many.setAccessible(true);
      Object counted = many.invoke(null, count, seed);
      tally = String.valueOf(counted);
      var share = counted.getClass().getDeclaredMethod("passedShare");
      share.setAccessible(true);
      passedShare = (double) share.invoke(counted);
      data.collect(store, new SessionInfoStore(), false);
    } finally {
      runtime.shutdown();
    }
    CoverageBuilder coverage = new CoverageBuilder();
    Analyzer analyzer = new Analyzer(store, coverage);
    for (String name : WATCHED) {
      analyzer.analyzeClass(bytes(PACKAGE + name), name);
    }
    List<Branches> branches = new ArrayList<>();
    for (IClassCoverage each : coverage.getClasses()) {
      String name = each.getName().substring(each.getName().lastIndexOf('/') + 1);
      List<Integer> missed = new ArrayList<>();
      for (int line = each.getFirstLine(); line <= each.getLastLine(); line++) {
        if (each.getLine(line).getBranchCounter().getMissedCount() > 0) {
          missed.add(line);
        }
      }
      branches.add(
          new Branches(
              name,
              each.getBranchCounter().getCoveredCount(),
              each.getBranchCounter().getTotalCount(),
              missed));
    }
    return new Result(tally, passedShare, branches);
  }

  private static byte[] bytes(String name) throws IOException {
    String path = name.replace('.', '/') + ".class";
    try (InputStream in = CodecCoverage.class.getClassLoader().getResourceAsStream(path)) {
      if (in == null) {
        throw new IOException("there is no class " + name);
      }
      return in.readAllBytes();
    }
  }

  /** Loads the session anew, with counters in what is watched. */
  private static final class Counting extends ClassLoader {
    private final Instrumenter instrumenter;

    Counting(Instrumenter instrumenter) {
      super(CodecCoverage.class.getClassLoader());
      this.instrumenter = instrumenter;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      Class<?> loaded = findLoadedClass(name);
      if (loaded != null) {
        return loaded;
      }
      if (!name.startsWith(PACKAGE)) {
        return super.loadClass(name, resolve);
      }
      try {
        byte[] bytes = bytes(name);
        boolean watched = WATCHED.contains(name.substring(PACKAGE.length()));
        byte[] taken = watched ? instrumenter.instrument(bytes, name) : bytes;
        return defineClass(name, taken, 0, taken.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }
}
