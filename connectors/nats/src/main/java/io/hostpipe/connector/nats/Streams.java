package io.hostpipe.connector.nats;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.PipeEvents;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.Message;
import io.nats.client.api.DiscardPolicy;
import io.nats.client.api.MessageGetRequest;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import io.nats.client.api.StreamState;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Streams of JetStream: found, or made where there is none; one that is there is looked at and
 * never changed.
 *
 * <p>Thread rule: any thread; every method asks the server and blocks.
 */
final class Streams {
  private static final String MESSAGE_GET = "$JS.API.STREAM.MSG.GET.";
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(5);

  private final NatsConnection connection;
  private final NatsOptions options;

  Streams(NatsConnection connection, NatsOptions options) {
    this.connection = connection;
    this.options = options;
  }

  /**
   * The stream to read from.
   *
   * @throws PipeException NOT_FOUND when there is none
   */
  StreamInfo toRead() throws PipeException {
    StreamInfo found = find();
    if (found == null) {
      throw new PipeException.Unreachable(
          Status.NOT_FOUND,
          options.address()
              + ": "
              + none()
              + "; it is made by the first that writes to it, and is waited for until then",
          null);
    }
    return found;
  }

  /** What there is none of, for people. */
  String none() {
    String asked = options.stream();
    return asked == null
        ? "no stream of JetStream has this subject"
        : "there is no stream " + asked + " of JetStream (stream=)";
  }

  /** The stream to write into, made when there is none. */
  StreamInfo toWrite(PipeEvents events) throws PipeException {
    StreamInfo found = find();
    if (found == null) {
      found = make();
    }
    check(found, events);
    return found;
  }

  /** The stream that has the subject, or that was asked for; null when there is none. */
  @Nullable StreamInfo find() throws PipeException {
    try {
      JetStreamManagement streams = connection.nats().jetStreamManagement();
      String asked = options.stream();
      if (asked != null) {
        return streams.getStreamInfo(asked);
      }
      List<String> names = streams.getStreamNames(options.subject());
      if (names.size() > 1) {
        throw new PipeException.Config(
            options.address()
                + ": several streams have messages of this subject, "
                + names
                + "; say which with stream=NAME");
      }
      return names.isEmpty() ? null : streams.getStreamInfo(names.getFirst());
    } catch (JetStreamApiException e) {
      if (JetStreamErrors.isNotFound(e)) {
        return null;
      }
      throw connection.failed("JetStream does not say which streams there are", e);
    } catch (PipeException e) {
      throw e;
    } catch (IOException | IllegalStateException e) {
      throw connection.failed("JetStream does not answer", e);
    }
  }

  /** The last message of the subject; null when it has none. */
  @Nullable MessageInfo last(String stream) throws PipeException, InterruptedException {
    try {
      return stored(stream, MessageGetRequest.lastForSubject(options.subject()));
    } catch (JetStreamApiException e) {
      if (JetStreamErrors.isNotFound(e)) {
        return null;
      }
      throw connection.failed("the last message cannot be read", e);
    }
  }

  /** The first message of the subject with this number or a later one. */
  MessageInfo next(String stream, long sequence) throws PipeException, InterruptedException {
    try {
      return stored(stream, MessageGetRequest.nextForSubject(sequence, options.subject()));
    } catch (JetStreamApiException e) {
      throw connection.failed("what was stored cannot be read back", e);
    }
  }

  /**
   * A message as the stream's leader has it. The library would ask any server that has a copy of
   * the stream (DIRECT.GET), and one may not have yet what the leader has confirmed.
   */
  private MessageInfo stored(String stream, MessageGetRequest wanted)
      throws PipeException, JetStreamApiException, InterruptedException {
    Message answer;
    try {
      answer = connection.nats().request(MESSAGE_GET + stream, wanted.serialize(), ANSWER_TIMEOUT);
    } catch (IllegalStateException e) {
      throw connection.failed("the stream " + stream + " cannot be asked", e);
    }
    if (answer == null || answer.isStatusMessage()) {
      PipeException denied = connection.denial();
      if (denied != null) {
        throw denied;
      }
      throw new PipeException.Unreachable(
          options.address() + ": the leader of the stream " + stream + " does not answer", null);
    }
    return new MessageInfo(answer, stream, false).throwOnHasError();
  }

  /** Whether nobody but this subject's writer can write into the stream. */
  boolean isOfOneSubject(StreamInfo stream) {
    StreamConfiguration configuration = stream.getConfiguration();
    List<String> subjects = configuration.getSubjects();
    return subjects.size() == 1
        && subjects.getFirst().equals(options.subject())
        && configuration.getMirror() == null
        && (configuration.getSources() == null || configuration.getSources().isEmpty());
  }

  /** The same for a reader, whose subject may be a pattern that has all of the stream's. */
  boolean hasNothingElse(StreamInfo stream) {
    StreamConfiguration configuration = stream.getConfiguration();
    return isOfOneSubject(stream)
        || (!configuration.getSubjects().isEmpty()
            && configuration.getMirror() == null
            && (configuration.getSources() == null || configuration.getSources().isEmpty())
            && configuration.getSubjects().stream()
                .allMatch(each -> Subjects.covers(options.subject(), each)));
  }

  /** What the stream has now. */
  StreamState state(String stream) throws PipeException {
    try {
      return connection.nats().jetStreamManagement().getStreamInfo(stream).getStreamState();
    } catch (JetStreamApiException | IOException | IllegalStateException e) {
      throw connection.failed("the stream " + stream + " cannot be asked", e);
    }
  }

  private StreamInfo make() throws PipeException {
    StreamConfiguration wanted =
        StreamConfiguration.builder()
            .name(options.streamName())
            .subjects(options.subject())
            .storageType(StorageType.File)
            .discardPolicy(DiscardPolicy.New)
            .replicas(options.replicas())
            .allowDirect(true)
            .build();
    try {
      return connection.nats().jetStreamManagement().addStream(wanted);
    } catch (JetStreamApiException | IOException | IllegalStateException e) {
      throw connection.failed("the stream " + options.streamName() + " cannot be made", e);
    }
  }

  /** Whether it can be written as a pipe wants it. */
  void check(StreamInfo stream, PipeEvents events) throws PipeException {
    StreamConfiguration is = stream.getConfiguration();
    String name = options.address() + ": the stream " + is.getName();
    if (is.getRetentionPolicy() != RetentionPolicy.Limits) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          name
              + " deletes what was consumed (retention "
              + is.getRetentionPolicy()
              + "), so nobody can tell how far a writer got; write into a stream that keeps its"
              + " messages (retention limits), for example under another subject");
    }
    if (is.getNoAck()) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          name + " acknowledges nothing (no_ack); write into one that does");
    }
    if (options.address().option("replicas") != null && is.getReplicas() != options.replicas()) {
      throw new PipeException.Refused(
          Status.FAILED_PRECONDITION,
          name
              + " has "
              + is.getReplicas()
              + " replicas, not "
              + options.replicas()
              + "; it is not changed from here: leave replicas out, or change it with"
              + " nats stream edit");
    }
    if (is.getStorageType() == StorageType.Memory) {
      events.warning(name + " lives in the server's memory, and is gone when the server stops");
    }
    if (is.getDiscardPolicy() == DiscardPolicy.Old
        && (is.getMaxMsgs() > 0 || is.getMaxBytes() > 0)) {
      events.warning(
          name + " deletes its oldest messages when it is full, whether or not they were read");
    }
    if (is.getMaxAge().toNanos() > 0) {
      events.warning(
          name
              + " deletes messages after "
              + is.getMaxAge().toSeconds()
              + " s: a writer that is away for longer cannot find its place, and begins anew");
    }
  }
}
