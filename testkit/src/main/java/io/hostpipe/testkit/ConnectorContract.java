package io.hostpipe.testkit;

/**
 * What every connector has to keep, as tests: a connector's test implements this and supplies its
 * {@link ContractPlace}.
 *
 * <pre>{@code
 * final class TcpContractTest implements ConnectorContract {
 *   private final ContractPlace place = new TcpPlace();
 *
 *   @Override
 *   public ContractPlace place() {
 *     return place;
 *   }
 * }
 * }</pre>
 *
 * <p>A test is skipped only when the place declares that its connector cannot do what it is about,
 * and the table {@code contract-skips.txt} names that connector's test and what it goes without.
 * After every test all blocks are back in the pool.
 */
public interface ConnectorContract
    extends MessageContract,
        CommitContract,
        CloseContract,
        BothWaysContract,
        ResumeContract,
        ByteViewContract,
        MessageViewContract,
        TypedViewContract {}
