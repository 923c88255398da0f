/** An error as AWS answers it: by its name, with a text for people. */
export class AwsRefusal extends Error {
  constructor(
    override readonly name: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}
