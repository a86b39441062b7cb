package io.hostpipe.spi;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a pipe tells whoever shows its state. Thread rule: called from any thread; returns at once.
 */
public interface PipeEvents {
  /** Tells nobody. */
  PipeEvents SILENT = new PipeEvents() {};

  /** It listens; the address has the port that was taken. */
  default void listening(String address) {}

  /**
   * How the other host reaches what listens here.
   *
   * @param command one line for a shell, without secrets; where there is a token, the line expects
   *     it in the variable {@code HOSTPIPE_TOKEN} of the environment
   * @param token that variable's value, for a person who may see it and for no log; null where none
   *     is needed, or the user has one already
   */
  default void invites(String command, @Nullable String token) {}

  /** A link stands and the stream goes on from this position. */
  default void linkUp(String peer, long position) {}

  /** The link is gone, or could not be made; the next try comes after this delay. */
  default void linkDown(String peer, String reason, Duration retryIn) {}

  /**
   * The peer that dialed has been away for a while, and only it can come back.
   *
   * @param giveUpAfter how long it is waited for in all
   */
  default void peerAwaited(String peer, String reason, Duration giveUpAfter) {}

  /** A program that is part of the pipe wrote this line to its stderr, without its end. */
  default void programSaid(String program, byte[] line) {}

  /** Something a person should know that stops nothing. One line, no secrets. */
  default void warning(String text) {}
}
