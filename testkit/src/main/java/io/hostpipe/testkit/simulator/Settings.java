package io.hostpipe.testkit.simulator;

import io.hostpipe.Digest;
import io.hostpipe.session.CreditBudget;
import io.hostpipe.session.Frame;
import io.hostpipe.session.SessionConfig;
import java.util.Map;
import java.util.Set;

/** What the session of a process is made with, as the scenario and its storage say. */
final class Settings {
  private Settings() {}

  /** A small pipe of the same name, for who has no business here. */
  static SessionConfig ofIntruder(VirtualProcess process) {
    Scenario scenario = process.run().scenario();
    boolean sends = scenario.receives(process.side());
    return new SessionConfig(
        "pipe",
        "intruders",
        sends,
        !sends,
        Frame.AckLevel.APPLIED,
        SessionConfig.ENCODING_ANY,
        process.door().nonce(),
        process.door().nonce(),
        Map.of(),
        SessionConfig.KEPT_IN_MEMORY,
        false,
        true,
        Scenario.HEARTBEAT,
        Scenario.HANDSHAKE,
        Scenario.ACK_DELAY,
        Scenario.LINGER,
        1,
        1,
        false,
        (digest, bytes) -> digest,
        CreditBudget.UNLIMITED);
  }

  static SessionConfig of(
      Simulation run, VirtualHost host, Frame.Id instance, VirtualMemory memory) {
    Scenario scenario = run.scenario();
    Scenario.Stream in = scenario.streams[1 - host.side()];
    Scenario.Stream out = scenario.streams[host.side()];
    Storage storage = host.storage();
    boolean messages = in == null ? out != null && out.messages : in.messages;
    boolean mixed = in != null && out != null && in.messages != out.messages;
    return new SessionConfig(
        "pipe",
        out == null ? "none" : out.id,
        out != null,
        in != null,
        out == null ? Frame.AckLevel.APPLIED : out.ackLevel,
        mixed ? SessionConfig.ENCODING_ANY : messages ? "records" : "raw",
        instance,
        storage == null ? instance : storage.receiver,
        host.kept().held(),
        storage != null && storage.durable
            ? Set.of(Frame.AckLevel.values())
            : SessionConfig.KEPT_IN_MEMORY,
        in != null && in.spooled,
        scenario.takesOver && out != null,
        Scenario.HEARTBEAT,
        Scenario.HANDSHAKE,
        Scenario.ACK_DELAY,
        Scenario.LINGER,
        in == null ? 1 : in.windowBytesMin,
        in == null ? 1 : in.windowBytesMax,
        scenario.keepsLinks,
        (digest, bytes) -> Digest.fromLong(digest).extend(bytes).toLong(),
        memory);
  }
}
