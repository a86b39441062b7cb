package io.hostpipe.connector.local;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The few calls of the C library that the JDK has no method for.
 *
 * <p>All of them are improvements that can be done without: where native access is not granted to
 * this module, or the platform is another, they do nothing. The first use costs tens of
 * milliseconds, so nothing here is called for a pipe that moves little. Thread rule: any thread.
 */
final class SystemCalls {
  /** {@code fcntl}'s command on Linux that sets the room of a pipe. */
  private static final int F_SETPIPE_SZ = 1031;

  private SystemCalls() {}

  /**
   * Gives the pipe behind a file descriptor more room; nothing when it is no pipe, or the limit of
   * {@code /proc/sys/fs/pipe-max-size} is lower.
   */
  static void enlargePipe(int fileDescriptor, int lengthBytes) {
    if (!available()) {
      return;
    }
    try {
      int ignored = (int) Handles.FCNTL.invokeExact(fileDescriptor, F_SETPIPE_SZ, lengthBytes);
    } catch (Throwable e) {
      throw new IllegalStateException("fcntl could not be called", e);
    }
  }

  private static boolean available() {
    return SystemCalls.class.getModule().isNativeAccessEnabled()
        && System.getProperty("os.name", "").equals("Linux");
  }

  /** Linked when first used. */
  @SuppressWarnings("restricted") // only reached where native access was granted
  private static final class Handles {
    static final MethodHandle FCNTL =
        link(
            "fcntl",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(2));

    private static MethodHandle link(
        String name, FunctionDescriptor signature, Linker.Option... options) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(
          linker.defaultLookup().find(name).orElseThrow(), signature, options);
    }
  }
}
