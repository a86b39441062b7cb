package io.hostpipe.cli;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The terminal behind stderr, if there is one. Thread rule: one thread.
 *
 * <p>Java tells only whether stdin and stdout are terminals, and never how wide one is.
 */
final class Terminal {
  /** Where nothing can be asked. */
  private static final int COLUMNS_USUAL = 80;

  /** TIOCGWINSZ of Linux: fills in four shorts, rows and columns first. */
  private static final long GET_WINDOW_SIZE = 0x5413;

  private static final int STDERR = 2;

  private @Nullable MethodHandle ioctl;
  private boolean unable = !Terminal.class.getModule().isNativeAccessEnabled();

  /** Whether what is written on stderr is seen at once by a person. */
  static boolean isStderrOne() {
    try {
      String device = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
      return device.startsWith("/dev/pts/")
          || device.startsWith("/dev/tty")
          || device.equals("/dev/console");
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  /** How many columns a line may have at this moment. */
  int columns() {
    if (unable) {
      return COLUMNS_USUAL;
    }
    try (Arena arena = Arena.ofConfined()) {
      if (ioctl == null) {
        ioctl = link();
      }
      MemorySegment size = arena.allocate(4 * ValueLayout.JAVA_SHORT.byteSize());
      int failed = (int) ioctl.invokeExact(STDERR, GET_WINDOW_SIZE, size);
      int columns = size.getAtIndex(ValueLayout.JAVA_SHORT, 1);
      return failed == 0 && columns > 0 ? columns : COLUMNS_USUAL;
    } catch (Throwable e) {
      unable = true;
      return COLUMNS_USUAL;
    }
  }

  @SuppressWarnings("restricted") // only reached where native access was granted
  private static MethodHandle link() {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow("ioctl"),
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS),
        Linker.Option.firstVariadicArg(2));
  }
}
