/** Half the side of the square that is drawn on. */
export const REACH = 4
