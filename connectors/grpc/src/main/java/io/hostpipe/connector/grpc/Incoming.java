package io.hostpipe.connector.grpc;

import org.jspecify.annotations.Nullable;

/**
 * One call as its connection sees it.
 *
 * @param caller null when the connection is gone already
 * @param stream its number in HTTP/2
 */
record Incoming(@Nullable Caller caller, int stream) {
  /** A link begins, whose peer has to be greeted. The connection's event loop only. */
  void onGreeting() {
    if (caller != null) {
      caller.onGreeting(stream);
    }
  }

  /** Its peer was let in. */
  void letIn() {
    if (caller != null) {
      caller.letIn(stream);
    }
  }

  /** It is over. The connection's event loop only. */
  void onOver() {
    if (caller != null) {
      caller.onCallOver(stream);
    }
  }

  /** Why its connection was hung up on; null when it was not. */
  @Nullable String turnedAwayFor() {
    return caller == null ? null : caller.turnedAwayFor();
  }
}
