package io.hostpipe;

import java.util.List;

/**
 * What happened on a pipe so far.
 *
 * @param resumes how often a new link took up where a broken one ended
 * @param sentAgainBytes bytes that crossed more than once
 * @param duplicateBytes bytes that came in again and were dropped
 * @param verifiedFrom the position from which the digest covers the stream; 0 is all of it
 * @param carriers what has carried it, in the order in which each came first
 */
public record PipeStats(
    long resumes,
    long sentAgainBytes,
    long duplicateBytes,
    long verifiedFrom,
    List<String> carriers) {
  /** Nothing happened. */
  public static final PipeStats NONE = new PipeStats(0, 0, 0, 0, List.of());
}
