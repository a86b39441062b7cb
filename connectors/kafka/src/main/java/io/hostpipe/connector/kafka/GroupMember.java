package io.hostpipe.connector.kafka;

import io.hostpipe.PipeException;
import io.hostpipe.Status;
import io.hostpipe.spi.Abroad;
import io.hostpipe.spi.Attempts;
import io.hostpipe.spi.PipeContext;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * A member of a consumer group that reads nothing by itself: it is told which partitions are its
 * own, and tells what of them was committed. The partitions are read over connections of their own,
 * so that each goes at its own pace, and none holds up the others or the membership.
 *
 * <p>A partition is taken away in four steps: no more of it is handed over, what was is committed,
 * its pipe ends and lets go of its destination, the group is told. The next member begins behind
 * the last of them. Each step waits for a bounded time: who takes longer gets the rest again there,
 * and the destination's own place says how much of it is new.
 *
 * <p>Thread rule: a thread of its own; {@link #leave}, {@link #end} and {@link #pipeEnded} from
 * any.
 */
final class GroupMember {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration ANSWER_MAX = Duration.ofMillis(ClientSettings.REQUEST_MILLIS);
  private static final Duration CLOSE_MAX = Duration.ofSeconds(5);

  /** Who waits in the library for longer when all is over is woken. */
  private static final Duration LEAVE_MAX = Duration.ofSeconds(2);

  private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final KafkaOptions options;
  private final String group;
  private final PipeContext context;
  private final GroupListener listener;
  private final Attempts attempts;
  private final Thread polling;

  /** Whether it was said that a destination has nothing of what the group has read. */
  private final AtomicBoolean saidUnknown = new AtomicBoolean();

  /** Those that are ours, by number. */
  private final Map<Integer, AssignedPartition> ours = new ConcurrentHashMap<>();

  /** Where partitions begin of which the group was not told so yet; nothing is read of them. */
  private final Map<TopicPartition, Long> beginnings = new HashMap<>();

  /** Those that were ours at any time. */
  private final Set<Integer> had = new HashSet<>();

  private volatile @Nullable KafkaConsumer<byte[], byte[]> member;
  private volatile boolean leaving;
  private volatile @Nullable PipeException failure;
  private long heardNanos = System.nanoTime();

  /** Of the topic. */
  private String topicId = "";

  GroupMember(KafkaOptions options, PipeContext context, GroupListener listener) {
    this.options = options;
    this.group = Objects.requireNonNull(options.group());
    this.context = context;
    this.listener = listener;
    this.attempts = new Attempts(context, options.address());
    this.polling = Thread.ofVirtual().name("kafka-" + options.topic()).unstarted(this::run);
  }

  void start() {
    polling.start();
  }

  /** Leaves the group once the last pipe has ended. */
  void leave() {
    leaving = true;
    if (!anybodyReads()) {
      awaitGone();
    }
  }

  /** The last one of a member that leaves waits until the group knows what was committed. */
  void pipeEnded() {
    if ((leaving || failure != null) && !anybodyReads()) {
      awaitGone();
    }
  }

  /** Ends all its pipes. */
  void end(PipeException why) {
    failure = failure == null ? why : failure;
    ours.values().forEach(each -> each.end(why));
  }

  private boolean anybodyReads() {
    return ours.values().stream().anyMatch(AssignedPartition::isRead);
  }

  private void awaitGone() {
    attempts.stop();
    if (Thread.currentThread().equals(polling)) {
      return;
    }
    boolean interrupted = false;
    while (polling.isAlive()) {
      try {
        if (!polling.join(LEAVE_MAX)) {
          KafkaConsumer<byte[], byte[]> waiting = member;
          if (waiting != null) {
            waiting.wakeup();
          }
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isOver() {
    return (leaving || failure != null) && !anybodyReads();
  }

  private void run() {
    try {
      while (!isOver()) {
        belong(join());
      }
    } catch (PipeException e) {
      listener.fail(e);
    } catch (InterruptedException | InterruptException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      listener.fail(unexpected(e));
    }
  }

  private PipeException unexpected(RuntimeException thrown) {
    return new PipeException.Unreachable(
        Status.INTERNAL,
        options.address() + ": the membership of the group " + group + " broke off: " + thrown,
        thrown);
  }

  /** One membership, to its end; where that is no end for good, another one may follow. */
  private void belong(KafkaConsumer<byte[], byte[]> consumer)
      throws PipeException, InterruptedException {
    member = consumer;
    try {
      while (!isOver()) {
        turn(consumer);
      }
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      PipeException why = KafkaErrors.of(options, "the group " + group + " cannot be read", e);
      if (!why.status().retryable()) {
        // Nobody goes on for it as far as is known here: the pipes say what is wrong.
        listener.fail(why);
      }
      List<AssignedPartition> lost = List.copyOf(ours.values());
      lost.forEach(listener::taken);
      lost.forEach(each -> each.end(each.goneElsewhere()));
      attempts.pauseAfter(why);
    } catch (PipeException e) {
      // Before the pipes are forgotten here: they end with it.
      listener.fail(e);
    } catch (RuntimeException e) {
      listener.fail(unexpected(e));
    } finally {
      goodbye(consumer);
    }
  }

  private KafkaConsumer<byte[], byte[]> join() throws PipeException, InterruptedException {
    while (true) {
      try {
        return Abroad.call(this::joinOnce);
      } catch (PipeException e) {
        attempts.pauseAfter(e);
      }
    }
  }

  private KafkaConsumer<byte[], byte[]> joinOnce() throws PipeException, InterruptedException {
    try (Topics topics = Topics.open(options)) {
      Topic topic = topics.toRead();
      topicId = topic.id().toString();
      Map<String, Object> settings = ClientSettings.member(options, group);
      // Who keeps its partitions goes on reading while others change hands.
      settings.putIfAbsent(
          ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
          CooperativeStickyAssignor.class.getName());
      KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings);
      consumer.subscribe(List.of(topic.name()), new Rebalance(consumer));
      attempts.succeeded(0);
      return consumer;
    } catch (InterruptException e) {
      throw KafkaErrors.interrupted(e);
    } catch (KafkaException e) {
      throw KafkaErrors.of(options, "the group " + group + " cannot be joined", e);
    }
  }

  private void turn(KafkaConsumer<byte[], byte[]> consumer)
      throws PipeException, InterruptedException {
    try {
      var _ = consumer.poll(POLL);
      tellBeginnings(consumer);
      tell(consumer, ours.values(), ANSWER_MAX);
      if (System.nanoTime() - heardNanos >= SILENCE_NANOS) {
        Membership.ask(consumer, options.topic());
        heardNanos = System.nanoTime();
        attempts.succeeded(0);
      }
    } catch (WakeupException e) {
      // It is to leave.
    } catch (RetriableException e) {
      PipeException why = KafkaErrors.of(options, "the group " + group + " does not answer", e);
      try {
        attempts.pauseAfter(why);
      } catch (PipeException last) {
        if (!leaving) {
          throw last;
        }
      }
    }
  }

  private void tellBeginnings(KafkaConsumer<byte[], byte[]> consumer) {
    if (beginnings.isEmpty()) {
      return;
    }
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    beginnings.forEach(
        (partition, offset) -> offsets.put(partition, new OffsetAndMetadata(offset)));
    try {
      consumer.commitSync(offsets, ANSWER_MAX);
    } catch (RebalanceInProgressException e) {
      return;
    }
    Map<TopicPartition, Long> told = Map.copyOf(beginnings);
    beginnings.clear();
    told.forEach(this::give);
  }

  private void give(TopicPartition partition, long offset) {
    int index = partition.partition();
    AssignedPartition[] self = new AssignedPartition[1];
    AssignedPartition assigned =
        new AssignedPartition(
            options.ofPartition(index),
            new OffsetCursor(topicId, index, offset),
            !had.add(index),
            context.events(),
            saidUnknown,
            () -> listener.ended(Objects.requireNonNull(self[0])));
    self[0] = assigned;
    ours.put(index, assigned);
    PipeException why = failure;
    if (why != null) {
      assigned.end(why);
    } else {
      listener.assigned(assigned);
    }
  }

  /** Tells the group what of these was committed. */
  private void tell(
      KafkaConsumer<byte[], byte[]> consumer,
      Collection<AssignedPartition> partitions,
      Duration timeout) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    Map<AssignedPartition, Long> taken = new HashMap<>();
    for (AssignedPartition each : partitions) {
      long offset = each.takeUntold();
      if (offset >= 0) {
        taken.put(each, offset);
        offsets.put(
            new TopicPartition(options.topic(), each.index()), new OffsetAndMetadata(offset));
      }
    }
    if (offsets.isEmpty()) {
      return;
    }
    boolean told = false;
    try {
      consumer.commitSync(offsets, timeout);
      told = true;
      heardNanos = System.nanoTime();
    } catch (RebalanceInProgressException e) {
      // Told when it is over.
    } catch (CommitFailedException e) {
      // It was away for too long, and others have them: the next poll says so.
      told = true;
    } finally {
      if (!told) {
        taken.forEach(AssignedPartition::giveBack);
      }
    }
  }

  private void goodbye(KafkaConsumer<byte[], byte[]> consumer) {
    try {
      tell(consumer, List.copyOf(ours.values()), CLOSE_MAX);
    } catch (KafkaException e) {
      // What was not told comes again, and the destination's place says what of it is new.
    } finally {
      ours.clear();
      try {
        consumer.close(CloseOptions.timeout(CLOSE_MAX));
      } catch (KafkaException e) {
        // It is gone either way.
      }
    }
  }

  /** On the member's thread, within a poll. */
  private final class Rebalance implements ConsumerRebalanceListener {
    private final KafkaConsumer<byte[], byte[]> consumer;

    Rebalance(KafkaConsumer<byte[], byte[]> consumer) {
      this.consumer = consumer;
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      if (partitions.isEmpty()) {
        return;
      }
      consumer.pause(partitions);
      try {
        begin(partitions);
      } catch (RetriableException e) {
        // The library takes them for begun and would not ask again: a new member is asked.
        throw new KafkaException("it was not said in time where the group is", e);
      }
      tellBeginnings(consumer);
    }

    private void begin(Collection<TopicPartition> partitions) {
      Set<TopicPartition> without = new HashSet<>();
      Map<TopicPartition, Long> places = new HashMap<>();
      consumer
          .committed(Set.copyOf(partitions), ANSWER_MAX)
          .forEach((partition, offset) -> {
            if (offset == null) {
              without.add(partition);
            } else {
              places.put(partition, offset.offset());
            }
          });
      Map<TopicPartition, Long> begins =
          options.from().end()
              ? consumer.endOffsets(without, ANSWER_MAX)
              : consumer.beginningOffsets(without, ANSWER_MAX);
      begins.forEach((partition, offset) -> {
        consumer.seek(partition, offset);
        beginnings.put(partition, offset);
      });
      places.forEach((partition, offset) -> {
        consumer.seek(partition, offset);
        give(partition, offset);
      });
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      List<AssignedPartition> going = taken(partitions);
      going.forEach(AssignedPartition::leave);
      try {
        long deadline = System.nanoTime() + SETTLE_NANOS;
        for (AssignedPartition each : going) {
          if (!each.awaitClosed(deadline - System.nanoTime())) {
            each.end(each.goneElsewhere());
          }
        }
        deadline = System.nanoTime() + SETTLE_NANOS;
        for (AssignedPartition each : going) {
          boolean _ = each.awaitClosed(deadline - System.nanoTime());
        }
        tell(consumer, going, ANSWER_MAX);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (WakeupException | RetriableException e) {
        // What was not told comes again, and the destination's place says what of it is new.
      } finally {
        forget(partitions);
      }
    }

    /** They belong to somebody else already. */
    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
      taken(partitions).forEach(each -> each.end(each.goneElsewhere()));
      forget(partitions);
    }

    private List<AssignedPartition> taken(Collection<TopicPartition> partitions) {
      beginnings.keySet().removeAll(partitions);
      List<AssignedPartition> going =
          partitions.stream()
              .map(each -> ours.get(each.partition()))
              .filter(Objects::nonNull)
              .toList();
      going.forEach(listener::taken);
      return going;
    }

    private void forget(Collection<TopicPartition> partitions) {
      partitions.forEach(each -> ours.remove(each.partition()));
    }
  }
}
