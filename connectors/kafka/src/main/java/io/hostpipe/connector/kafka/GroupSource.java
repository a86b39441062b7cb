package io.hostpipe.connector.kafka;

import io.hostpipe.Headers;
import io.hostpipe.PipeException;
import io.hostpipe.Rejection;
import io.hostpipe.spi.ArrivingSource;
import io.hostpipe.spi.Inbox;
import io.hostpipe.spi.PipeContext;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A topic, read through a consumer group: the brokers keep the places, and give each partition to
 * one of those that read under the same name. At least once, in order within a partition.
 *
 * <p>An offset is committed when the sink has committed all before it. A partition that goes to
 * another member takes with it what was not committed; it comes again there.
 *
 * <p>Thread rule: as {@link io.hostpipe.Source}.
 */
final class GroupSource extends ArrivingSource<GroupMessage, GroupReader> {
  private final KafkaOptions options;
  private final String group;
  private final Handed handed = new Handed();

  /** The membership before the next one: it knows why it ended. */
  private volatile @Nullable GroupReader last;

  GroupSource(KafkaOptions options, PipeContext context) {
    super(options.address(), context, KafkaSource.streamIdOf(options));
    this.options = options;
    this.group = Objects.requireNonNull(options.group());
  }

  @Override
  public void commit(long committedPosition) {
    handed.commit(committedPosition);
  }

  /** Nothing: the offset behind it is committed with those of the others. */
  @Override
  public void reject(long endPosition, Rejection why) {}

  @Override
  protected GroupReader begin() throws PipeException, InterruptedException {
    GroupReader before = last;
    PipeException why = before == null ? null : before.failure();
    if (why != null && !why.status().retryable()) {
      throw why;
    }
    GroupReader opened = GroupReader.open(options, group, handed, context.events());
    last = opened;
    return opened;
  }

  @Override
  protected Inbox<GroupMessage> inbox(GroupReader reader) {
    return reader.inbox();
  }

  /** A message of a partition that was taken away since comes to another member. */
  @Override
  protected boolean isNew(GroupMessage message) {
    message.read();
    Place place = PlaceReader.of(message.message());
    return handed.isOurs(message)
        && (place == null || !place.end())
        && !TopicLetterbox.isNote(message.message());
  }

  @Override
  protected byte[] payload(GroupMessage message) {
    byte[] value = message.message().value();
    return value == null ? new byte[0] : value;
  }

  @Override
  protected Headers headers(GroupMessage message) {
    return KafkaSource.headers(options, message.message());
  }

  @Override
  protected void taken(GroupMessage message, long endPosition) {
    handed.add(endPosition, message);
  }

  @Override
  protected String noWayTo(long wanted) {
    return ": a group gives what was not committed, and cannot go to position "
        + wanted
        + "; without group=NAME a partition can be read again";
  }

  @Override
  protected String missed() {
    return "";
  }
}
