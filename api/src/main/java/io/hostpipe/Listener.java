package io.hostpipe;

/**
 * Where pipes come in: a port, a consumer group.
 *
 * <p>Thread rule: any thread accepts; {@link #close} wakes all that wait.
 */
public interface Listener extends AutoCloseable {
  /**
   * The next pipe, welcomed and ready. Blocks. The caller owns it.
   *
   * @throws PipeException.Closed with the status OK when no more will come, with another one when
   *     it was closed
   * @throws PipeException.DataLoss when somebody came whose stream is damaged here, as he was told;
   *     other pipes may be accepted all the same
   */
  Pipe accept() throws PipeException, InterruptedException;

  /** Where it listens, with the port that was really taken. */
  Address address();

  /** Takes no further pipes. Those already accepted live on. Idempotent. */
  @Override
  void close();
}
