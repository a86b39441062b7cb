package io.hostpipe.testkit.simulator;

import io.hostpipe.session.Frame;
import io.hostpipe.session.FrameAssembler;
import io.hostpipe.session.Gate;
import org.jspecify.annotations.Nullable;

/** One side's end of a link, as its process sees it. */
final class LinkEnd {
  final VirtualLink link;
  final Lane in;
  final Lane out;
  final VirtualProcess process;
  final FrameAssembler assembler;
  final boolean dialer;

  /** The session's name for it; 0 while it is not the session's. */
  long connection;

  /** Nothing of it is read any more. */
  boolean closed;

  /** The session has said that it is to be closed; its output has ended. */
  boolean closing;

  /** What came was no frame: what still comes is thrown away until it is closed. */
  boolean garbled;

  /** A read is under way. */
  boolean reading;

  /** Whether something was done that explains why this side hears nothing. */
  boolean mayDie;

  /** What it carries before it becomes the session's. */
  @Nullable Errand errand;

  /** An errand has ended on it, and nothing has begun yet. */
  boolean resting;

  /** Its dialer was asked to prove the token that its HELLO claims. */
  @Nullable Gate gate;

  Frame.@Nullable Hello claimed;

  @Nullable LinkEnd other;

  LinkEnd(VirtualLink link, Lane in, Lane out, VirtualProcess process, boolean dialer) {
    this.link = link;
    this.in = in;
    this.out = out;
    this.process = process;
    this.assembler = new FrameAssembler(process.memory());
    this.dialer = dialer;
  }
}
