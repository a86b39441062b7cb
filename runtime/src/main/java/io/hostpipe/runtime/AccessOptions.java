package io.hostpipe.runtime;

import io.hostpipe.Address;
import io.hostpipe.PipeException;
import io.hostpipe.runtime.access.Access;
import io.hostpipe.runtime.access.DialToken;
import io.hostpipe.runtime.access.Limits;
import io.hostpipe.runtime.access.Quota;
import io.hostpipe.runtime.access.Token;
import io.hostpipe.runtime.access.TokenFile;
import io.hostpipe.runtime.flow.Rate;
import io.hostpipe.spi.OptionSpec;
import io.hostpipe.spi.OptionValues;
import io.hostpipe.spi.PipeContext;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The words of an address that say who may come, who this side is, and how much is granted. */
public final class AccessOptions {
  static final OptionSpec TOKEN =
      OptionSpec.value(
          "token", "@FILE|env:NAME", null, "prove this token; the listener has to, as well");

  static final OptionSpec BINDING =
      OptionSpec.value(
          "binding", "none", null, "tokens are not tied to the connection; say so on both sides");

  static final List<OptionSpec> LISTEN =
      List.of(
          OptionSpec.value("tokens", "FILE", null, "only who proves one of these tokens may come"),
          OptionSpec.value(
              "strangers", "N", "4096", "how many may stand there before they have proved it"),
          OptionSpec.value("strangers-per-host", "N", "1024", "how many of these from one host"),
          OptionSpec.value(
              "stranger-lines", "N", "60", "how many lines a minute are said about them"),
          OptionSpec.value(
              "budget", "BYTES", "1GiB", "what all pipes here may have under way together"),
          OptionSpec.value(
              "message-max", "BYTES", "16MiB", "the largest message that is taken, with headers"),
          OptionSpec.value("quota-pipes", "N", null, "how many pipes each principal may have"),
          OptionSpec.value("quota-bytes", "BYTES", null, "what each may have under way"),
          OptionSpec.value("quota-rate", "RATE", null, "how fast each may be, as in 10MB/s"));

  /** What protects the links of a carrier by itself. */
  public enum Carrier {
    /** Nothing. */
    PLAIN,
    /** The kernel of the host: nobody sits between the two. */
    LOCAL,
    /** ssh, which has proved the hosts to each other: nobody sits between the two. */
    SSH,
    /** TLS, which proofs can be tied to. */
    TLS
  }

  private static final int STRANGERS_MAX = 1_000_000;
  private static final int LINES_MAX = 1_000_000_000;
  private static final long BUDGET_BYTES_MIN = 1 << 20;

  private AccessOptions() {}

  static int strangerLinesMax(Address address) throws PipeException {
    return OptionValues.integer(
        address, "stranger-lines", SessionOptions.STRANGER_LINES_DEFAULT, 0, LINES_MAX);
  }

  /** Reads the words, and the files that they name. */
  static Access read(Address address, boolean listens, Carrier carrier) throws PipeException {
    String binding = address.option("binding");
    if (binding != null && !binding.equals("none")) {
      throw new PipeException.Config(address + ": binding can only be 'none', or be left away");
    }
    String token = address.option("token");
    String tokens = address.option("tokens");
    boolean speaksOfTokens = token != null || tokens != null;
    if (binding != null && !speaksOfTokens) {
      throw new PipeException.Config(
          address + ": binding=none says how tokens are proved, and there is no token");
    }
    if (speaksOfTokens && binding == null && carrier == Carrier.PLAIN) {
      throw new PipeException.Config(
          address
              + ": a token on a plain connection cannot be tied to it: whoever sits between the two"
              + " hosts can pass the proof on, and read and change what follows; use tls, or write"
              + " binding=none on both sides where that is well known");
    }
    return new Access(
        token == null ? null : DialToken.of(token),
        tokens == null ? null : TokenFile.open(Path.of(tokens)),
        carrier == Carrier.TLS && binding == null,
        carrier == Carrier.TLS || carrier == Carrier.SSH,
        listens ? limits(address) : Limits.DEFAULT);
  }

  /** What the words do not promise is said where they are used, on both sides. */
  public static void tellWeakness(Address address, SessionOptions options, PipeContext context) {
    Access access = options.access();
    if (!access.tied() && (access.token() != null || access.tokens() != null)) {
      context
          .events()
          .warning(
              address
                  + ": binding=none: tokens keep strangers out, and nothing more; whoever is between"
                  + " the two hosts can read, change and take over what passes");
    }
  }

  /**
   * Whether a listener's address itself says who may come: those who have a token, or everybody.
   *
   * @throws PipeException.Config when it says both, or what means nothing
   */
  public static boolean saysWhoMayCome(Address address) throws PipeException {
    String auth = address.option("auth");
    boolean asksForTokens = address.option("tokens") != null;
    if (auth != null && !auth.equals("none")) {
      throw new PipeException.Config(address + ": auth can only be 'none'");
    }
    if (auth != null && asksForTokens) {
      throw new PipeException.Config(
          address + ": auth=none lets everybody in, and tokens= only who has one; say one of them");
    }
    return auth != null || asksForTokens;
  }

  private static Limits limits(Address address) throws PipeException {
    Limits byDefault = Limits.DEFAULT;
    return new Limits(
        OptionValues.integer(address, "strangers", byDefault.strangersMax(), 1, STRANGERS_MAX),
        OptionValues.integer(
            address, "strangers-per-host", byDefault.strangersPerHostMax(), 1, STRANGERS_MAX),
        OptionValues.bytes(
            address, "budget", byDefault.bytesMax(), BUDGET_BYTES_MIN, Long.MAX_VALUE),
        (int)
            OptionValues.bytes(
                address,
                "message-max",
                byDefault.messageBytesMax(),
                1,
                byDefault.messageBytesMax()),
        new Quota(
            OptionValues.integer(
                address, "quota-pipes", byDefault.quota().pipesMax(), 1, Integer.MAX_VALUE),
            OptionValues.bytes(
                address, "quota-bytes", byDefault.quota().bytesMax(), 1, Long.MAX_VALUE),
            rate(address)));
  }

  private static @Nullable Rate rate(Address address) throws PipeException {
    String text = address.option("quota-rate");
    if (text == null) {
      return null;
    }
    try {
      return Token.rate(text);
    } catch (IllegalArgumentException e) {
      throw new PipeException.Config(address + ": quota-rate: " + e.getMessage());
    }
  }
}
