package lcr;

import java.nio.file.Path;

/** What the validator can be asked: `snapshots OURS UKCORE`. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "snapshots" -> Snapshots.write(Path.of(arguments[1]), Path.of(arguments[2]));
            default -> throw new IllegalArgumentException("unknown: " + arguments[0]);
        }
    }
}
