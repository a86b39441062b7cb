package io.hostpipe;

/**
 * What an end can promise; everything a pair promises is computed from these.
 *
 * @param replayable as a source: can go back to any position
 * @param resumes as a sink: knows its position after a break, so nothing is written twice
 * @param durable as a sink: what it commits survives a crash of its process
 * @param messages keeps the borders of messages and their headers
 * @param rejects can refuse one message without ending the stream
 * @param ordered keeps the order of a stream
 * @param limit one sentence on what it cannot promise, for people; empty when there is nothing
 * @param best the strongest guarantee that a pair with this end can have, whatever the other end is
 */
public record Capabilities(
    boolean replayable,
    boolean resumes,
    boolean durable,
    boolean messages,
    boolean rejects,
    boolean ordered,
    String limit,
    Guarantee best) {
  /** An end that lets its pair be as good as the rest says. */
  public Capabilities(
      boolean replayable,
      boolean resumes,
      boolean durable,
      boolean messages,
      boolean rejects,
      boolean ordered,
      String limit) {
    this(replayable, resumes, durable, messages, rejects, ordered, limit, Guarantee.ONCE);
  }
}
