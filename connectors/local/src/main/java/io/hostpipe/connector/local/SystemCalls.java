package io.hostpipe.connector.local;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The few calls of the C library that the JDK has no method for.
 *
 * <p>All of them are improvements that can be done without: where native access is not granted to
 * this module, or the platform is another, they do nothing. The first use costs tens of
 * milliseconds, so nothing here is called for a pipe that moves little. Thread rule: any thread.
 */
final class SystemCalls {
  static final int EIO = 5;
  static final int EBADF = 9;
  static final int EFBIG = 27;
  static final int ENOSPC = 28;
  static final int EPIPE = 32;
  static final int EDQUOT = 122;

  /** {@code fcntl}'s command on Linux that sets the room of a pipe. */
  private static final int F_SETPIPE_SZ = 1031;

  private static final int ERROR_TEXT_BYTES_MAX = 1024;

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

  /** What the C library calls this error in the language of the process; null when not known. */
  @SuppressWarnings("restricted") // the length of a C string is known only to its end
  static @Nullable String errorText(int errno) {
    if (!available()) {
      return null;
    }
    try {
      MemorySegment text = (MemorySegment) Handles.STRERROR.invokeExact(errno);
      return text.reinterpret(ERROR_TEXT_BYTES_MAX).getString(0);
    } catch (Throwable e) {
      throw new IllegalStateException("strerror could not be called", e);
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

    static final MethodHandle STRERROR =
        link("strerror", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

    private static MethodHandle link(
        String name, FunctionDescriptor signature, Linker.Option... options) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(
          linker.defaultLookup().find(name).orElseThrow(), signature, options);
    }
  }
}
