package io.hostpipe.connector.local;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.storage.DiskErrors;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Turns what the operating system says into what went wrong with the pipe. */
final class IoErrors {
  private IoErrors() {}

  /** The end could not be opened. */
  static PipeException opening(Path path, IOException error) {
    if (error instanceof NoSuchFileException) {
      return new PipeException.Config(
          Status.NOT_FOUND, path + " is not there; look at the path and its folder");
    }
    if (error instanceof AccessDeniedException) {
      return new PipeException.Refused(
          Status.PERMISSION_DENIED, path + " may not be opened: permission denied", error);
    }
    if (DiskErrors.isOutOfRoom(error)) {
      return outOfRoom(path.toString(), 0, error);
    }
    return new PipeException.Refused(
        Status.FAILED_PRECONDITION, path + " cannot be opened: " + reason(error), error);
  }

  /** A read failed. */
  static PipeException reading(String where, long position, IOException error) {
    if (error instanceof PipeException known) {
      return known;
    }
    if (error instanceof ClosedChannelException) {
      return closed(where, position);
    }
    if (DiskErrors.EIO.is(error)) {
      return dataLoss(where + " cannot be read at position " + position, error);
    }
    if (DiskErrors.EBADF.is(error)) {
      return notOpen(where, "reading");
    }
    return new PipeException.Closed(
        Status.INTERNAL,
        where + " cannot be read at position " + position + ": " + reason(error),
        error);
  }

  /** A write or a sync failed; everything before the position was written. */
  static PipeException writing(String where, long position, IOException error) {
    if (error instanceof ClosedChannelException) {
      return closed(where, position);
    }
    if (DiskErrors.EPIPE.is(error)) {
      return new PipeException.Closed(
          Status.CANCELLED,
          "the program behind "
              + where
              + " ended; "
              + position
              + " bytes were handed to it, and nothing says how many of them it read",
          error);
    }
    if (DiskErrors.isOutOfRoom(error)) {
      return outOfRoom(where, position, error);
    }
    if (DiskErrors.EBADF.is(error)) {
      return notOpen(where, "writing");
    }
    // Whatever else goes wrong with a write leaves what the device holds unknown.
    return dataLoss(where + " cannot be written at position " + position, error);
  }

  /** The end was closed on this side. */
  static PipeException closed(String where, long position) {
    return new PipeException.Closed(
        Status.CANCELLED, where + " was closed on this side at position " + position);
  }

  /** The program that started this one closed it, or opened it for the other way only. */
  private static PipeException notOpen(String where, String purpose) {
    return new PipeException.Refused(
        Status.FAILED_PRECONDITION,
        where + " is not open for " + purpose + "; look at the redirections ('<', '>')");
  }

  private static PipeException outOfRoom(String where, long position, IOException error) {
    return new PipeException.Refused(
        Status.RESOURCE_EXHAUSTED,
        where
            + " has no room left at position "
            + position
            + " ("
            + reason(error)
            + "); nothing behind it is committed. Make room and start again",
        error);
  }

  private static PipeException dataLoss(String what, IOException error) {
    return new PipeException.DataLoss(what + ": " + reason(error), error);
  }

  static String reason(IOException error) {
    return DiskErrors.reason(error);
  }
}
