package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import io.hostpipe.spi.Connector;
import io.hostpipe.spi.OptionSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands run in this process, those that only answer and those that refuse. */
final class CommandTest {
  private final Captured captured = new Captured();

  @TempDir private Path folder;

  @Test
  void tellsItsVersion() {
    assertThat(captured.run("--version", "-v")).isEqualTo(ExitCode.OK);
    assertThat(captured.out()).isEqualTo("hostpipe " + Version.current() + "\n");
  }

  @Test
  void helpNamesEveryCommandFlagAndExitCode() {
    assertThat(captured.run("--help")).isEqualTo(ExitCode.OK);
    for (CommandName command : CommandName.values()) {
      assertThat(captured.out()).contains(command.usage().replaceFirst("^hostpipe ", ""));
    }
    for (Flag flag : Flag.values()) {
      assertThat(captured.out()).contains(flag.usage());
      assertThat(flag.choices()).allMatch(captured.out()::contains);
    }
    for (ExitCode code : ExitCode.values()) {
      assertThat(captured.out()).contains("\n  " + code.number() + " ");
    }
    assertThat(captured.out().lines()).allMatch(line -> line.length() <= 96);
  }

  @ParameterizedTest
  @EnumSource
  void everyCommandHasHelpOfItsOwn(CommandName command) {
    String word = command.word() == null ? "--help" : command.word();
    assertThat(captured.run(word, "--help")).isEqualTo(ExitCode.OK);
    assertThat(captured.out()).startsWith("usage: " + command.usage() + "\n  " + command.help());
  }

  @Test
  void listsTheAddressesAndTheOptionsOfEach() {
    assertThat(captured.run("addresses")).isEqualTo(ExitCode.OK);
    for (Connector connector : Hostpipe.connectors()) {
      for (String scheme : connector.schemes()) {
        assertThat(captured.out()).contains("  " + scheme + " ");
        Captured one = new Captured();
        assertThat(one.run("addresses", scheme)).isEqualTo(ExitCode.OK);
        for (OptionSpec option : connector.options(scheme)) {
          assertThat(one.out()).contains("  " + Catalog.usage(option));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "--version", "completion bash", "addresses", "check ./in"})
  void anAnswerThatCannotBeWrittenIsAnError(String line) throws Exception {
    List<String> starter = List.of("sh", "-c", "exec \"$@\" >/dev/full", "sh");
    try (CommandProcess command = CommandProcess.startBy(starter, line.split(" "))) {
      assertThat(command.exitCode()).isEqualTo(6);
      assertThat(command.err())
          .isEqualTo(
              "hostpipe: the answer could not be written to standard output:"
                  + " No space left on device\n");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "2|addresses tpc|did you mean 'tcp'?",
        "2|addresses tcp file|one scheme at a time",
        "2|completion tcsh|no completion for 'tcsh'; there are bash, zsh, fish",
        "2|completion|say for which shell",
        "2|check|say what to check",
        "2|--duplex - - ./b|--duplex joins two ends, and there are 3: what - and ./b both answer",
        "2|--duplex - ./b|./b has one way only; both ways can be had of - (standard input",
        "2|-|there is no destination behind -",
        "2|send|'send' takes one address or more",
        "2|recv - ./x|'recv' takes one address",
        "2|package|'package' is a word of ./hostpipe in a clone",
        "2|demo over=air|over=air cannot be shown; there are over=tcp, over=tls, over=unix, over=ws, over=wss, over=grpc, over=grpcs, over=ssh",
        "2|demo cutz=1|did you mean 'cuts'?",
        "2|demo ./no-such-file|'./no-such-file' is neither a file nor an option of demo",
        "2|demo cuts=1001|cuts is a number from 0 to 1000",
        "4|- ./x --ack durable|--ack durable is more than ./x can say",
        "4|- ./x --require once|--require once is more than this pair gives",
      })
  void refusesWithTheCodeAndTheReason(int code, String line, String message) {
    assertThat(captured.run(line.split(" ")).number()).isEqualTo(code);
    assertThat(captured.err()).startsWith("hostpipe: ").contains(message).doesNotContain("\tat ");
    assertThat(captured.out()).isEmpty();
  }

  @Test
  void checksBothEndsAndTellsTheGuarantee() throws IOException {
    Path in = Files.writeString(folder.resolve("in"), "x");
    Path out = folder.resolve("out");
    assertThat(captured.run("check", in.toString(), out.toString())).isEqualTo(ExitCode.OK);
    assertThat(captured.out().lines())
        .satisfiesExactly(
            line -> assertThat(line).startsWith("ok   " + in + " as the source: "),
            line -> assertThat(line).startsWith("ok   " + out + " as the destination: "),
            line -> assertThat(line).startsWith("guarantee: once-while-running ("));
    assertThat(out).doesNotExist();
  }

  @Test
  void checkTellsWhatWouldNotWork() throws IOException {
    Path full = Files.writeString(folder.resolve("full"), "x");
    Path none = folder.resolve("none");
    assertThat(captured.run("check", none.toString(), full.toString())).isEqualTo(ExitCode.USAGE);
    assertThat(captured.out()).contains("no   " + none + " as the source: ");
    assertThat(captured.out()).contains("no   " + full + " as the destination: ");
    assertThat(new Captured().run("check", full.toString())).isEqualTo(ExitCode.OK);
    assertThat(new Captured().run("check", full.toString(), "-", "--require", "once"))
        .isEqualTo(ExitCode.REFUSED);
    assertThat(new Captured().run("check", "tcp://127.0.0.1:1/x")).isEqualTo(ExitCode.UNREACHABLE);
  }

  @Test
  void anAddressAloneIsFineWhenItWorksEitherWay() throws PipeException, InterruptedException {
    Catalog catalog = new Catalog(List.of(new FixtureConnector()));
    Invocation invocation = Invocation.parse("check", FixtureConnector.STRONG + "://h/x");
    assertThat(CheckCommand.run(invocation, catalog, captured.console())).isEqualTo(ExitCode.OK);
    assertThat(captured.out()).contains(" as a source: nobody is there", " as a destination: fine");
  }

  @Test
  void ownMistakesAskToBeReportedAndShowTheirTraceOnlyWhenAsked() throws PipeException {
    List<Connector> connectors = new ArrayList<>(Hostpipe.connectors());
    connectors.add(new FixtureConnector());
    Catalog catalog = new Catalog(connectors);
    Invocation invocation = Invocation.parse(FixtureConnector.STRONG + "://h/x", "-");
    assertThat(PipeCommand.run(invocation, catalog, captured.console())).isEqualTo(ExitCode.BUG);
    assertThat(captured.err())
        .contains("a mistake of hostpipe's own: java.lang.IllegalStateException")
        .doesNotContain("\tat ");
    Captured debugged = new Captured(Map.of("HOSTPIPE_DEBUG", "1"));
    assertThat(PipeCommand.run(invocation, catalog, debugged.console())).isEqualTo(ExitCode.BUG);
    assertThat(debugged.err()).contains("\tat io.hostpipe.cli.FixtureConnector.source");
  }

  @Test
  void saysHowToGiveItMoreMemory() {
    assertThat(Failure.text(new OutOfMemoryError("Java heap space"), ExitCode.BUG))
        .isEqualTo(
            "out of memory (Java heap space);"
                + " HOSTPIPE_JAVA_OPTIONS='-Xmx… -XX:MaxDirectMemorySize=…' gives it more");
  }

  @Test
  void movesAFileWithinOneProcess() throws IOException {
    Path in = Files.writeString(folder.resolve("in"), "some bytes");
    Path out = folder.resolve("out");
    assertThat(captured.run(in.toString(), out.toString())).isEqualTo(ExitCode.OK);
    assertThat(out).hasContent("some bytes");
    assertThat(captured.err())
        .startsWith("hostpipe: " + in + " -> " + out + ": once-while-running (")
        .contains("\nhostpipe: done: ");
    Captured again = new Captured();
    assertThat(again.run(in.toString(), out.toString(), "-q")).isEqualTo(ExitCode.REFUSED);
    assertThat(again.err().lines()).hasSize(1);
  }
}
