package io.hostpipe.examples;

import io.hostpipe.Committed;
import io.hostpipe.Message;
import io.hostpipe.MessageSubscriber;
import io.hostpipe.Pipe;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.UnaryOperator;

/** A pipe behind a pipe, as java.util.concurrent.Flow has it: commits travel back, too. */
public final class FlowRelay {
  private FlowRelay() {}

  /**
   * Hands every message on; one is committed at its source when the far end committed it.
   *
   * @return completes when all of it is; fails with what broke, and then nothing uncertain is
   *     committed
   */
  static CompletionStage<Committed> join(Pipe from, Pipe to) {
    MessageSubscriber sending = to.subscriber();
    from.publisher().subscribe(sending);
    return sending.finished();
  }

  /** The same with each payload changed on its way: any Flow library's operator stands here. */
  static CompletionStage<Committed> join(Pipe from, UnaryOperator<byte[]> change, Pipe to) {
    MessageSubscriber sending = to.subscriber();
    from.publisher()
        .subscribe(
            new Flow.Subscriber<>() {
              @Override
              public void onSubscribe(Flow.Subscription subscription) {
                sending.onSubscribe(subscription);
              }

              @Override
              public void onNext(Message message) {
                sending.onNext(message.withPayload(change.apply(message.payload())));
              }

              @Override
              public void onError(Throwable why) {
                sending.onError(why);
              }

              @Override
              public void onComplete() {
                sending.onComplete();
              }
            });
    return sending.finished();
  }
}
