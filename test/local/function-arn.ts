/** The ARN of the one rotation function of the local Secrets Manager. */
export const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:111122223333:function:rotation';
