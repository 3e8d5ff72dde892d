// The certificate that `--tls` serves with: yours, or one that is made for this machine.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Reads `cert.pem` and `key.pem` of a folder, and makes them first where neither is there. @throws Error with one line. */
export function openCertificate(folder: string): Certificate {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  if (!existsSync(cert) && !existsSync(key)) make(folder, cert, key);
  try {
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  } catch (error) {
    throw new Error(`--tls: ${cert} and ${key} cannot be read.`, { cause: error });
  }
}

/** For this machine alone, and trusted by nobody until they say so. */
function make(folder: string, cert: string, key: string): void {
  const what = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "365"];
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1";
  const whose = ["-subj", "/CN=Hatcheck example", "-addext", names];
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    execFileSync("openssl", ["req", "-x509", ...what, ...whose, "-keyout", key, "-out", cert], {
      stdio: "pipe",
    });
    chmodSync(key, 0o600);
  } catch (error) {
    throw new Error(`--tls needs openssl to make a certificate, or cert.pem and key.pem in ${folder}.`, {
      cause: error,
    });
  }
}
