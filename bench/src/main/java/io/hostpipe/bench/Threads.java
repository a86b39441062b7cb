package io.hostpipe.bench;

/** Threads of the serving JVM: a failure there is told, and ends that JVM, and so the figures. */
final class Threads {
  private Threads() {}

  /** What a thread does; anything that it throws is a failure. */
  @FunctionalInterface
  interface Work {
    void run() throws Exception;
  }

  /** Starts a platform thread, as a plain program would use one. */
  static Thread start(String name, Work work) {
    return Thread.ofPlatform().name(name).daemon().start(() -> guard(work));
  }

  private static void guard(Work work) {
    try {
      work.run();
    } catch (Exception e) {
      // The whole trace: a bench has nobody to tell, and who runs it wants the cause, not figures.
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }
}
