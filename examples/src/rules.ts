// What names and passwords must be like: the message for whoever fills in the form, or nothing when all is well.

export function nameProblem(name: string): string | undefined {
  if (name.length < 2 || name.length > 40) return "A name has 2 to 40 characters.";
  // Control and invisible characters would let two names look the same.
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(name)) return "A name consists of characters that can be seen.";
  return undefined;
}

/** Length is what counts; rules about digits and symbols only make people predictable (NIST SP 800-63B). */
export function passwordProblem(password: string, name: string): string | undefined {
  if (password.length < 8) return "A password has 8 characters or more.";
  if (password.length > 256) return "A password has 256 characters at most.";
  if (password.toLowerCase() === name.toLowerCase()) return "A password is not the name.";
  return undefined;
}
