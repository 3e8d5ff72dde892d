// Imported first: servers are killed at the end of their round, and cannot tidy up what they put into the temporary folder.
import { temporaryFolderUntilExit } from "../scripts/temporary-folder.ts";

temporaryFolderUntilExit();
