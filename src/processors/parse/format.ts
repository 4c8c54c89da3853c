/** A way to write a line of which fields can be taken. Made with the set that its fields go into. */
export interface Format {
  /**
   * Puts the fields of the line data[start .. end) into the set. Answers undefined where it could, else why not, a short
   * fixed word. Time is linear in the line.
   */
  read(data: Buffer, start: number, end: number): string | undefined;
}
