package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.AckLevel;
import io.hostpipe.Guarantee;
import io.hostpipe.PipeException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class InvocationTest {
  @Test
  void takesFlagsAnywhere() throws PipeException {
    Invocation invocation =
        Invocation.parse(
            "-q", "-", "--ack", "received", "tcp://h:1/x", "--give-up=30s", "heartbeat=1s", "-vv");
    assertThat(invocation.command()).isEqualTo(CommandName.PIPE);
    assertThat(invocation.words()).containsExactly("-", "tcp://h:1/x", "heartbeat=1s");
    assertThat(invocation.flags().quiet()).isTrue();
    assertThat(invocation.flags().verbosity()).isEqualTo(2);
    assertThat(invocation.flags().ack()).isEqualTo(AckLevel.RECEIVED);
    assertThat(invocation.flags().retry().giveUp()).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void takesHelpAndVersionAsWords() throws PipeException {
    assertThat(Invocation.parse("help").flags().asksForHelp()).isTrue();
    assertThat(Invocation.parse("help", "send").command()).isEqualTo(CommandName.SEND);
    assertThat(Invocation.parse("version").flags().asksForVersion()).isTrue();
  }

  @Test
  void statesEveryDefault() throws PipeException {
    Flags flags = Invocation.parse("-", "./x").flags();
    assertThat(flags.ack()).isEqualTo(AckLevel.APPLIED);
    assertThat(flags.require()).isNull();
    assertThat(flags.digest()).isEqualTo(Flags.DigestKind.CRC);
    assertThat(flags.progress()).isEqualTo(Flags.ProgressWhen.AUTO);
    assertThat(flags.sizeBytes()).isEqualTo(-1);
    assertThat(flags.summary()).isNull();
    assertThat(flags.showsSummary()).isTrue();
    assertThat(flags.retry().retryMax()).isEqualTo(Integer.MAX_VALUE);
    assertThat(flags.verbosity()).isZero();
  }

  @Test
  void readsEveryFlag() throws PipeException {
    Flags flags =
        Invocation.parse(
                "-",
                "./x",
                "--require",
                "at-least-once",
                "--digest",
                "sha256",
                "--progress",
                "never",
                "--size",
                "2T",
                "--summary",
                "json",
                "--retry-max",
                "7",
                "--quiet",
                "--verbose")
            .flags();
    assertThat(flags.require()).isEqualTo(Guarantee.AT_LEAST_ONCE);
    assertThat(flags.digest()).isEqualTo(Flags.DigestKind.SHA256);
    assertThat(flags.progress()).isEqualTo(Flags.ProgressWhen.NEVER);
    assertThat(flags.sizeBytes()).isEqualTo(2L << 40);
    assertThat(flags.summary()).isEqualTo(Flags.SummaryForm.JSON);
    assertThat(flags.retry().retryMax()).isEqualTo(7);
    assertThat(flags.quiet()).isTrue();
    assertThat(flags.showsSummary()).as("asked for, even when quiet").isTrue();
    assertThat(flags.verbosity()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "send, SEND",
    "recv, RECV",
    "check, CHECK",
    "addresses, ADDRESSES",
    "completion, COMPLETION",
    "demo, DEMO",
    "package, PACKAGE",
  })
  void takesTheFirstWordForTheCommand(String word, CommandName command) throws PipeException {
    Invocation invocation = Invocation.parse("-v", word, "more");
    assertThat(invocation.command()).isEqualTo(command);
    assertThat(invocation.words()).containsExactly("more");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--sumary json|unknown flag '--sumary'; did you mean '--summary'?",
        "--ack=x|'--ack' is one of received, durable, applied, not 'x'",
        "--ack recieved|not 'recieved'; did you mean 'received'?",
        "--ack|'--ack' wants a value: --ack LEVEL, one of received, durable, applied",
        "--quiet=yes|'--quiet' takes no value",
        "-ack received|unknown flag '-ack'; did you mean '--ack'?",
        "-x|unknown flag '-x'",
        "--spol /d|unknown flag '--spol'; did you mean '--spool'?",
        "--spool-max 5G|are for a spool, and there is none: add --spool DIR",
        "--takeover|is for a stream with a name: add --session NAME",
        "--session a#b|no '#'",
        "--password=hunter2|unknown flag '--password'",
        "--size 1Q|--size is a size, as in 512, 64K, 10MB or 2T, not '1Q'",
        "--size 1 --size 2|'--size' was given twice",
        "--give-up 5|--give-up is a number with a unit",
        "--retry-max -1|--retry-max is a number from 0 to 2147483647, not '-1'",
      })
  void namesWhatIsWrongWithAFlag(String flags, String message) {
    assertThatThrownBy(() -> Invocation.parse(("- ./x " + flags).split(" ")))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("hunter2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--ac received", "--summ json", "--verb"})
  void takesNoPartOfAFlagForTheWhole(String flags) {
    assertThatThrownBy(() -> Invocation.parse(("- ./x " + flags).split(" ")))
        .hasMessageContaining("unknown flag");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "sned ./x|'sned' is neither a command nor an address; did you mean 'send'?",
        "host:9000 ./x|a peer is written tcp://host:9000/name",
        "out.txt ./x|a file is written ./out.txt",
        "-q|say from where to where",
      })
  void namesTheNearestCommandOrAddress(String line, String message) {
    assertThatThrownBy(() -> Invocation.parse(line.split(" ")))
        .isInstanceOf(PipeException.Config.class)
        .hasMessageContaining(message);
  }

  @Test
  void refusesFlagsThatMeanNothingToTheCommand() {
    assertThatThrownBy(() -> Invocation.parse("addresses", "--ack", "received"))
        .hasMessage("'--ack' means nothing to: hostpipe addresses [SCHEME]");
    assertThatThrownBy(() -> Invocation.parse("check", "./x", "-q"))
        .hasMessageStartingWith("'--quiet' means nothing to: hostpipe check");
  }

  @Test
  void refusesWordsBehindTwoDashes() {
    assertThatThrownBy(() -> Invocation.parse("-", "./x", "--", "-v"))
        .hasMessageContaining("nothing stands behind '--'");
  }

  @Test
  void showsHelpWhateverElseIsAsked() throws PipeException {
    assertThat(Invocation.parse("--help").flags().asksForHelp()).isTrue();
    assertThat(Invocation.parse("-h", "demo").command()).isEqualTo(CommandName.DEMO);
    assertThat(Invocation.parse("addresses", "--ack", "received", "--help").flags().asksForHelp())
        .isTrue();
  }
}
