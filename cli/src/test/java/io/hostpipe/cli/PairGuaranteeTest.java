package io.hostpipe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostpipe.Guarantee;
import io.hostpipe.Hostpipe;
import io.hostpipe.PipeException;
import io.hostpipe.spi.Connector;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PairGuaranteeTest {
  private static final String STRONG = FixtureConnector.STRONG + "://h/x";
  private static final String FORGETFUL = FixtureConnector.FORGETFUL + "://h/x";
  private static final String UNORDERED = FixtureConnector.UNORDERED + "://h/x";

  @Test
  void givesOnceWhenNothingIsForgotten() throws PipeException {
    assertThat(pair(STRONG, STRONG)).isEqualTo(new PairGuarantee(Guarantee.ONCE, ""));
    assertThat(pair(STRONG, STRONG)).hasToString("once");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "-|./out|- cannot be read again; ./out forgets its position when this process is killed",
        "./in|./out|./out forgets its position when this process is killed",
        "-|tcp://h:1/x|- cannot be read again; the receiver behind tcp://h:1/x forgets its"
            + " position when it is killed",
        "tcp-listen://h:1/x|./out|the sender behind tcp-listen://h:1/x cannot go on once it was"
            + " killed; ./out forgets its position when this process is killed",
      })
  void saysWhoForgetsWhenAProcessIsKilled(String source, String sink, String why)
      throws PipeException {
    assertThat(pair(source, sink))
        .isEqualTo(new PairGuarantee(Guarantee.ONCE_WHILE_RUNNING, why))
        .hasToString("once-while-running (" + why + ")");
  }

  @Test
  void givesLessWhereASinkForgetsOrNothingKeepsOrder() throws PipeException {
    assertThat(pair(STRONG, FORGETFUL).guarantee()).isEqualTo(Guarantee.AT_LEAST_ONCE);
    assertThat(pair(STRONG, FORGETFUL).why()).contains("how far it got before a break");
    assertThat(pair(STRONG, UNORDERED).why()).isEqualTo(UNORDERED + " keeps no order");
    assertThat(pair(UNORDERED, STRONG).why()).isEqualTo(UNORDERED + " keeps no order");
  }

  @Test
  void refusesLessThanWasAskedForAndSaysWhatThereIs() throws PipeException {
    assertThatThrownBy(() -> pair("-", "./out").refuseLessThan(Guarantee.ONCE))
        .isInstanceOf(PipeException.Refused.class)
        .hasMessageStartingWith(
            "--require once is more than this pair gives, which is once-while-running (- cannot");
    assertThatCode(() -> pair("-", "./out").refuseLessThan(Guarantee.ONCE_WHILE_RUNNING))
        .doesNotThrowAnyException();
    assertThatCode(() -> pair("-", "./out").refuseLessThan(Guarantee.AT_MOST_ONCE))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "./in|tcp://h:1/x|--session s|",
        "-|tcp://h:1/x|--session s --restarted replay|",
        "-|tcp://h:1/x|--spool d|- cannot be read again",
        "-|tcp://h:1/x|--spool d --restarted continue|what - has given is gone with this process"
            + " until it is kept",
        "tcp-listen://h:1/x|file:./out?resume=true|--session s|",
        "tcp-listen://h:1/x|-|--spool d|- forgets its position when this process is killed",
      })
  void aSessionOutlivesItsProcesses(String source, String sink, String flags, String why)
      throws PipeException {
    LastingFlags lasting = Invocation.parse(words(source, sink, flags)).flags().lasting();
    assertThat(pair(source, sink, lasting).why()).isEqualTo(why == null ? "" : why);
  }

  private static String[] words(String source, String sink, String flags) {
    return (source + " " + sink + " " + flags).split(" ", -1);
  }

  private static PairGuarantee pair(String source, String sink) throws PipeException {
    return pair(source, sink, Invocation.parse(source, sink).flags().lasting());
  }

  private static PairGuarantee pair(String source, String sink, LastingFlags lasting)
      throws PipeException {
    List<Connector> connectors = new ArrayList<>(Hostpipe.connectors());
    connectors.add(new FixtureConnector());
    Catalog catalog = new Catalog(connectors);
    List<End> ends = End.parse(List.of(source, sink), catalog, new Captured().console());
    return PairGuarantee.of(ends.getFirst(), List.of(), ends.getLast(), lasting);
  }
}
