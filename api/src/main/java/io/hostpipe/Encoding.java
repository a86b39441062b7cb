package io.hostpipe;

/** How a stream's positions are counted and what lies between its borders. */
public enum Encoding {
  /** Bytes without borders. A position is the byte offset. Costs nothing. */
  RAW,
  /**
   * Messages, each one record: {@code varint payloadLength, varint headersLength, headers,
   * payload}. A position is the byte offset in the encoded records, so every message moves it, an
   * empty one too (by two bytes).
   */
  RECORDS
}
