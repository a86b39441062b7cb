package io.hostpipe.testkit.disk;

import java.io.IOException;

/** How a call fails, in the words of the JDK on Linux. */
public enum DiskFault {
  /** The device fails (EIO). What a failed sync was to make lasting may be lost for good. */
  IO_ERROR("Input/output error"),
  /** There is no room (ENOSPC). A write may have left a part of itself. */
  FULL("No space left on device");

  private final String text;

  DiskFault(String text) {
    this.text = text;
  }

  IOException exception() {
    return new IOException(text);
  }
}
