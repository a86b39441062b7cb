package io.hostpipe.connector.kafka;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.spi.BrokerOptions;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What Kafka's clients are given: what stands in the file of the user, and over it what a pipe
 * needs to keep its promise.
 */
final class ClientSettings {
  /** How long one request may take, and how long a call that makes several. */
  static final int REQUEST_MILLIS = 10_000;

  /** How long a message may be on its way before the connection is doubted. */
  private static final int DELIVERY_MILLIS = 20_000;

  /** How long a transaction may be open before the broker takes its writer for dead. */
  static final int TRANSACTION_MILLIS = 30_000;

  private static final int RECONNECT_MILLIS_MAX = 1_000;
  static final int SEND_BATCH_BYTES = 256 << 10;
  private static final long SEND_BUFFER_BYTES = 64L << 20;
  private static final int FETCH_BYTES_MAX = 8 << 20;
  private static final int FETCH_BYTES_MIN = 1 << 20;

  /** What the partitions of a topic may bring at once that are read side by side. */
  private static final int ALL_FETCHES_BYTES_MAX = 16 << 20;

  private ClientSettings() {}

  /** For questions about topics. */
  static Map<String, Object> admin(KafkaOptions options) throws PipeException {
    return common(options);
  }

  /** For a writer of single messages. */
  static Map<String, Object> plainProducer(KafkaOptions options) throws PipeException {
    Map<String, Object> settings = common(options);
    settings.remove(ProducerConfig.TRANSACTIONAL_ID_CONFIG);
    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, DELIVERY_MILLIS);
    settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, REQUEST_MILLIS);
    settings.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    settings.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    return settings;
  }

  /**
   * For a writer.
   *
   * @param name of the one writer in this name that is valid
   * @param messageBytesMax what the topic takes
   * @param batchBytesMax how much of it may go together
   */
  static Map<String, Object> producer(
      KafkaOptions options, String name, int messageBytesMax, int batchBytesMax)
      throws PipeException {
    Map<String, Object> settings = common(options);
    settings.putIfAbsent(ProducerConfig.LINGER_MS_CONFIG, 1);
    settings.putIfAbsent(
        ProducerConfig.BATCH_SIZE_CONFIG, Math.min(SEND_BATCH_BYTES, messageBytesMax));
    if (batchBytesMax < SEND_BATCH_BYTES) {
      settings.put(ProducerConfig.BATCH_SIZE_CONFIG, batchBytesMax);
    }
    settings.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, options.compression());
    settings.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, name);
    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    settings.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, TRANSACTION_MILLIS);
    settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, DELIVERY_MILLIS);
    settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, REQUEST_MILLIS);
    settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, messageBytesMax);
    settings.put(
        ProducerConfig.BUFFER_MEMORY_CONFIG, Math.max(SEND_BUFFER_BYTES, 2L * messageBytesMax));
    settings.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    settings.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    return settings;
  }

  /**
   * For a reader of what was committed.
   *
   * @param group whose places it may ask for
   */
  static Map<String, Object> consumer(KafkaOptions options, String group) throws PipeException {
    return consumer(options, group, 1);
  }

  /**
   * The same for one of several.
   *
   * @param sideBySide how many there may be, each with a consumer of its own
   */
  static Map<String, Object> consumer(KafkaOptions options, String group, int sideBySide)
      throws PipeException {
    Map<String, Object> settings = common(options);
    settings.put(ConsumerConfig.GROUP_ID_CONFIG, group);
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    settings.putIfAbsent(
        ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG,
        Math.clamp(ALL_FETCHES_BYTES_MAX / sideBySide, FETCH_BYTES_MIN, FETCH_BYTES_MAX));
    settings.putIfAbsent(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 4_096);
    settings.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    settings.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    return settings;
  }

  /** For a member of a group, which the brokers give partitions to. */
  static Map<String, Object> member(KafkaOptions options, String group) throws PipeException {
    Map<String, Object> settings = consumer(options, group);
    settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES_MAX);
    settings.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCH_BYTES_MAX);
    return settings;
  }

  private static Map<String, Object> common(KafkaOptions options) throws PipeException {
    Map<String, Object> settings = new HashMap<>();
    Path file = options.clientSettings();
    if (file != null) {
      read(options, file).forEach((name, value) -> settings.put((String) name, value));
    }
    settings.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, options.servers());
    settings.putIfAbsent(CommonClientConfigs.CLIENT_ID_CONFIG, "hostpipe");
    settings.put(CommonClientConfigs.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_MILLIS);
    settings.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, REQUEST_MILLIS);
    settings.put(CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG, RECONNECT_MILLIS_MAX);
    // Nothing of a pipe goes where the user does not know of it.
    settings.put(CommonClientConfigs.ENABLE_METRICS_PUSH_CONFIG, false);
    settings.put(CommonClientConfigs.METRIC_REPORTER_CLASSES_CONFIG, List.of());
    secure(options, settings);
    return settings;
  }

  private static void secure(KafkaOptions options, Map<String, Object> settings)
      throws PipeException {
    String userInfo = options.address().userInfo();
    boolean encrypted = options.tls().wanted();
    if (encrypted || userInfo != null) {
      settings.put(
          CommonClientConfigs.SECURITY_PROTOCOL_CONFIG,
          (userInfo == null ? "" : "SASL_") + (encrypted ? "SSL" : "PLAINTEXT"));
    }
    if (encrypted) {
      settings.put(SslConfigs.SSL_ENGINE_FACTORY_CLASS_CONFIG, TlsEngines.class);
      settings.put(TlsEngines.TRIAL, options.tls().begin());
    }
    if (userInfo != null) {
      String[] words = userInfo.split(":", 2);
      settings.put(SaslConfigs.SASL_MECHANISM, options.mechanism());
      settings.put(
          SaslConfigs.SASL_JAAS_CONFIG,
          "org.apache.kafka.common.security."
              + (options.mechanism().toLowerCase(Locale.ROOT).startsWith("scram")
                  ? "scram.ScramLoginModule"
                  : "plain.PlainLoginModule")
              + " required username="
              + quoted(options.address(), words[0])
              + " password="
              + quoted(options.address(), words[1])
              + ";");
    }
  }

  /** In a line of JAAS. */
  private static String quoted(Address address, String word) throws PipeException {
    String plain = BrokerOptions.plain(address, word);
    return '"' + plain.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private static Properties read(KafkaOptions options, Path file) throws PipeException {
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(file)) {
      properties.load(in);
    } catch (IOException | IllegalArgumentException e) {
      throw new PipeException.Config(
          options.address() + ": " + file + " cannot be read as properties");
    }
    return properties;
  }
}
