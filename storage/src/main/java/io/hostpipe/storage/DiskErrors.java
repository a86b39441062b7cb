package io.hostpipe.storage;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.jspecify.annotations.Nullable;

/**
 * Which error of the operating system an exception stands for.
 *
 * <p>The JDK hands on the error's text but not its number, and the text is in the language of the
 * process: so it is compared with the C library's own where that can be asked, else with the
 * English one. Thread rule: any thread.
 */
public enum DiskErrors {
  /** The device failed. */
  EIO(5, "Input/output error"),
  EBADF(9, "Bad file descriptor"),
  EFBIG(27, "File too large"),
  ENOSPC(28, "No space left on device"),
  EROFS(30, "Read-only file system"),
  EPIPE(32, "Broken pipe"),
  EDQUOT(122, "Disk quota exceeded");

  private static final int TEXT_BYTES_MAX = 1024;

  private final int number;
  private final String english;

  DiskErrors(int number, String english) {
    this.number = number;
    this.english = english;
  }

  /** Whether the exception stands for this error. */
  public boolean is(IOException error) {
    String reason = reason(error);
    return reason.equals(english) || reason.equals(textOf(number));
  }

  /**
   * Whether there is no room, and there may be some later: on the device, or of the user's part.
   */
  public static boolean isFull(IOException error) {
    return ENOSPC.is(error) || EDQUOT.is(error);
  }

  /** Whether there is no room, be it for this file only: it has become as long as it may. */
  public static boolean isOutOfRoom(IOException error) {
    return isFull(error) || EFBIG.is(error);
  }

  /** What the system says, without the name of the file where that is not all it says. */
  public static String reason(IOException error) {
    String reason = error.getMessage();
    if (error instanceof FileSystemException file) {
      reason = file.getReason() == null ? reason(file) : file.getReason();
    }
    return reason == null ? error.getClass().getSimpleName() : reason;
  }

  /** Of those whose type is the reason. */
  private static @Nullable String reason(FileSystemException error) {
    return switch (error) {
      case AccessDeniedException _ -> "permission denied for " + error.getFile();
      case NoSuchFileException _ -> error.getFile() + " is not there";
      case NotDirectoryException _ -> error.getFile() + " is not a folder";
      case FileAlreadyExistsException _ -> error.getFile() + " is there already";
      default -> error.getMessage();
    };
  }

  /** The end of a message about a write or a sync that failed for good. */
  static String endOf(IOException error) {
    return reason(error)
        + ". What was acknowledged is on the device; look at the device, then start the same"
        + " command again";
  }

  /** What the C library calls it in the language of the process; null when not known. */
  @SuppressWarnings("restricted") // the length of a C string is known only to its end
  private static @Nullable String textOf(int errno) {
    if (!DiskErrors.class.getModule().isNativeAccessEnabled()
        || !System.getProperty("os.name", "").equals("Linux")) {
      return null;
    }
    try {
      MemorySegment text = (MemorySegment) Handles.STRERROR.invokeExact(errno);
      return text.reinterpret(TEXT_BYTES_MAX).getString(0);
    } catch (Throwable e) {
      throw new IllegalStateException("strerror could not be called", e);
    }
  }

  /** Linked when first used. */
  @SuppressWarnings("restricted") // only reached where native access was granted
  private static final class Handles {
    static final MethodHandle STRERROR = link();

    private static MethodHandle link() {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(
          linker.defaultLookup().find("strerror").orElseThrow(),
          FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
    }
  }
}
